import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FLAGS = ['-F', '/dev/null', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'];
const BATCH = ['-o', 'LogLevel=ERROR', '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes'];

/** OpenSSH's clients with a key of their own. All times are wall-clock milliseconds. */
export class SshClient {
  readonly #folder: string;
  readonly #common: readonly string[];

  /** Makes the key. @param folder empty */
  constructor(folder: string) {
    this.#folder = folder;
    const key = join(folder, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    this.#common = [...FLAGS, ...BATCH, '-i', key];
  }

  get publicKey(): string {
    return readFileSync(join(this.#folder, 'key.pub'), 'utf8');
  }

  /** `true` on so many new connections, one after the other. */
  async execs(port: number, count: number): Promise<number> {
    return timed(async () => {
      for (let i = 0; i < count; i++)
        await run('ssh', [...this.#common, '-p', String(port), 'root@127.0.0.1', 'true']);
    });
  }

  /** `true` in so many sessions of one connection, one after the other. */
  async sessions(port: number, count: number): Promise<number> {
    const control = ['-S', join(this.#folder, `c${port}`)];
    const to = [...this.#common, '-p', String(port), ...control];
    const master = spawn('ssh', [...to, '-M', '-N', 'root@127.0.0.1'], { stdio: 'ignore' });
    const ended = once(master, 'exit');
    try {
      while (!(await succeeds('ssh', [...control, '-O', 'check', 'x'])))
        if (master.exitCode !== null) throw new Error('the connection for many sessions ended');
      return await timed(async () => {
        for (let i = 0; i < count; i++) await run('ssh', [...to, 'root@127.0.0.1', 'true']);
      });
    } finally {
      master.kill('SIGTERM');
      await ended;
    }
  }

  async upload(port: number, from: string, to: string): Promise<number> {
    return timed(() => run('scp', [...this.#common, '-P', String(port), from, `root@127.0.0.1:${to}`]));
  }

  async download(port: number, from: string, to: string): Promise<number> {
    return timed(() => run('scp', [...this.#common, '-P', String(port), `root@127.0.0.1:${from}`, to]));
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString('utf8');
  });
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed (${status}): ${complaint}`);
}

async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  const child = spawn(program, args, { stdio: 'ignore' });
  const [status] = (await once(child, 'exit')) as [number | null];
  return status === 0;
}
