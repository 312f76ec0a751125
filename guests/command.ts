import { spawn } from 'node:child_process';
import { GuestBuildError } from './guest-build-error.js';
import { packageOfTool } from './packages.js';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: Buffer;
  readonly signal?: AbortSignal;
}

const OUTPUT_KEPT_BYTES = 64 * 1024 * 1024;
const TAIL_SHOWN_CHARS = 2000;

/** Runs a program to its end and returns its standard output; anything but exit code 0 is an error with its last words. */
export const run = (
  tool: string,
  args: readonly string[],
  options: CommandOptions & { readonly baseEnv: Readonly<Record<string, string>> },
): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const child = spawn(tool, args, {
      cwd: options.cwd,
      env: { ...options.baseEnv, LC_ALL: 'C', ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.signal ? { signal: options.signal } : {}),
    });
    const out: Buffer[] = [];
    let keptBytes = 0;
    let words = '';
    child.stdout.on('data', (chunk: Buffer) => {
      keptBytes += chunk.length;
      if (keptBytes <= OUTPUT_KEPT_BYTES) out.push(chunk);
      else child.kill();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      words = (words + chunk.toString('utf8')).slice(-TAIL_SHOWN_CHARS);
    });
    // The program may end before it has read everything; its exit code tells.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
    child.on('error', cause => reject(startError(tool, cause)));
    child.on('close', code => {
      if (code === 0) resolve(Buffer.concat(out));
      else reject(exitError(tool, args, code, words || Buffer.concat(out).toString('utf8')));
    });
  });

const startError = (tool: string, cause: Error): GuestBuildError => {
  if (!('code' in cause) || cause.code !== 'ENOENT') {
    return new GuestBuildError('CommandFailed', `${tool} could not be started: ${cause.message}`, { tool });
  }
  const owner = packageOfTool(tool);
  const advice = owner ? `install it: apt-get install ${owner}` : 'it is not in PATH';
  return new GuestBuildError(
    'ToolMissing',
    `${tool} is missing; ${advice}`,
    {
      tool,
      ...(owner ? { package: owner } : {}),
    },
    { cause },
  );
};

const exitError = (
  tool: string,
  args: readonly string[],
  exitCode: number | null,
  output: string,
): GuestBuildError => {
  const command = [tool, ...args].join(' ');
  const tail = output.trim().slice(-TAIL_SHOWN_CHARS);
  const how = exitCode === null ? 'was killed' : `failed with ${exitCode}`;
  return new GuestBuildError('CommandFailed', `${command.slice(0, 200)} ${how}: ${tail}`, {
    tool,
    command,
    exitCode,
    output: tail,
  });
};
