import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Past it the whole process group is killed and the status is 124. */
  readonly timeoutMs?: number;
  /** 'inherit' shows the output as it comes; 'capture' returns it. */
  readonly output: 'inherit' | 'capture';
}

export interface Ran {
  readonly status: number;
  readonly output: string;
}

/** Runs a program to its end, in a process group of its own, without input. */
export function runProcess(program: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const sink = options.output === 'inherit' ? 'inherit' : 'pipe';
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ['ignore', sink, sink],
      detached: true,
    });
    const chunks: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
    const forward = (signal: NodeJS.Signals) => killGroup(child.pid, signal);
    process.on('SIGINT', forward).on('SIGTERM', forward);
    let late = false;
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            late = true;
            killGroup(child.pid, 'SIGKILL');
          }, options.timeoutMs);
    const settle = () => {
      clearTimeout(timer);
      process.off('SIGINT', forward).off('SIGTERM', forward);
    };
    child.on('error', error => {
      settle();
      reject(error);
    });
    child.on('close', (code, signal) => {
      settle();
      const status = late ? 124 : (code ?? 128 + (signal === 'SIGKILL' ? 9 : 15));
      resolve({ status, output: Buffer.concat(chunks).toString('utf8') });
    });
  });
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
