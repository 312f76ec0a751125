import { type ChildProcess, spawn } from 'node:child_process';

export interface Finished {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly input?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly timeoutMs?: number;
  /** Told the process as soon as it runs: to signal it while it does. */
  readonly started?: (child: ChildProcess) => void;
}

/** Runs a program to its end. Rejects when it takes too long (it is killed then). */
export function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'pipe', cwd: options.cwd, env: options.env });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    const words = () => Buffer.concat(stderr).toString('utf8');
    const timeoutMs = options.timeoutMs ?? 120_000;
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${program} ${args.join(' ')} took more than ${timeoutMs} ms: ${words()}`));
    }, timeoutMs);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({
        status: code ?? (signal === null ? 255 : 128),
        stdout: Buffer.concat(stdout),
        stderr: words(),
      });
    });
    // A program may end before it has read everything; its status tells.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
    options.started?.(child);
  });
}
