import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { HostStatus } from '../../daemons/init/host-status.js';
import { encodeFrame, FrameDecoder } from '../../kernel/abi/index.js';

export const TREE = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const INIT = join(TREE, 'dist/daemons/init/main.js');
const STAND_IN = join(TREE, 'test/init/stand-in-vmkernel.mjs');

export interface Finished {
  status: number | null;
  stdout: Buffer;
  stderr: string;
}

/** Waits for a condition; says what was waited for when it does not come. */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  timeoutMs = 60_000,
): Promise<T> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadlineMs) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await sleep(25);
  }
}

/** A root folder of a test; its contents go with it. */
export function makeRoot(): string {
  return mkdtempSync(join(tmpdir(), 'console-'));
}

/** An offset at which all five ports are free now. */
export async function freeOffset(): Promise<number> {
  for (;;) {
    const offset = 25_000 + Math.floor(Math.random() * 38_000);
    const free = await Promise.all([80, 443, 902, 903, 22].map(port => isFree(port + offset)));
    if (free.every(Boolean)) return offset;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Processes whose command line or root names this folder. */
export function processesNaming(text: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(text) && isAlive(pid);
      } catch {
        return false;
      }
    });
}

/** init with a stand-in for the VMkernel, in a root folder of its own. */
export class RunningHost {
  readonly process: ChildProcess;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  stderr = '';

  constructor(
    readonly root: string,
    flags: readonly string[] = [],
    mode = '',
  ) {
    this.process = spawn(process.execPath, [INIT, '--root', root, '--vmkernel-main', STAND_IN, ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, STANDIN_MODE: mode },
    });
    this.process.stderr?.on('data', chunk => {
      this.stderr += String(chunk);
    });
    this.exited = new Promise(resolve => {
      this.process.once('exit', (code, signal) => resolve({ code, signal }));
    });
  }

  /** Starts one and waits until sshd serves. */
  static async up(root: string, flags: readonly string[] = [], mode = ''): Promise<RunningHost> {
    const host = new RunningHost(root, flags, mode);
    try {
      await host.until('sshd is running', status => stateOf(status, 'sshd') === 'running');
    } catch (error) {
      await host.down();
      throw error;
    }
    return host;
  }

  async until(what: string, holds: (status: HostStatus) => boolean): Promise<HostStatus> {
    return waitFor(what, async () => {
      if (this.process.exitCode !== null) throw new Error(`init ended: ${this.stderr}`);
      const status = await this.status();
      return status !== undefined && holds(status) ? status : undefined;
    });
  }

  /** undefined while init does not serve. */
  async status(): Promise<HostStatus | undefined> {
    return (await this.call('status')) as HostStatus | undefined;
  }

  async down(): Promise<void> {
    await this.call('shutdown');
    await this.exited;
  }

  call(call: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(join(this.root, 'run/init/control.sock'));
      const decoder = new FrameDecoder();
      socket.on('error', () => resolve(undefined));
      socket.on('close', () => resolve(undefined));
      socket.on('data', chunk => {
        const [frame] = decoder.push(chunk);
        if (frame === undefined) return;
        const { result, error } = frame.header as { result?: unknown; error?: unknown };
        if (error === undefined) resolve(result);
        else reject(error);
        socket.destroy();
      });
      socket.write(encodeFrame({ id: 1, call, args: {} }));
    });
  }

  get password(): string {
    return readFileSync(join(this.root, 'password'), 'utf8');
  }

  /** OpenSSH's client, logged in by password. */
  async sshClient(
    args: readonly string[],
    options: { password?: string; user?: string } = {},
  ): Promise<ChildProcess> {
    const port = (await this.status())?.ports.ssh ?? 0;
    const askpass = join(this.root, 'askpass');
    if (!existsSync(askpass)) {
      writeFileSync(askpass, '#!/bin/sh\nprintf "%s\\n" "$TEST_PASSWORD"\n');
      chmodSync(askpass, 0o700);
    }
    const flags = ['-F', 'none', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'];
    const quiet = [
      '-o',
      'LogLevel=ERROR',
      '-o',
      'NumberOfPasswordPrompts=1',
      '-o',
      'PubkeyAuthentication=no',
    ];
    return spawn(
      'ssh',
      [...flags, ...quiet, '-p', String(port), '-l', options.user ?? 'root', '127.0.0.1', ...args],
      {
        stdio: 'pipe',
        env: {
          PATH: process.env.PATH,
          TERM: 'xterm',
          SSH_ASKPASS: askpass,
          SSH_ASKPASS_REQUIRE: 'force',
          TEST_PASSWORD: options.password ?? this.password,
        },
      },
    );
  }

  async ssh(
    args: readonly string[],
    options: { input?: string | Buffer; password?: string; user?: string } = {},
  ): Promise<Finished> {
    return finished(await this.sshClient(args, options), options.input ?? '');
  }

  /** Runs a shell command as the console's root. */
  async shell(command: string): Promise<Finished> {
    return this.ssh([command]);
  }
}

export async function finished(child: ChildProcess, input: string | Buffer): Promise<Finished> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin?.on('error', () => undefined); // the far end may not want it all
  child.stdin?.end(input);
  await once(child, 'close');
  return {
    status: child.exitCode,
    stdout: Buffer.concat(stdout),
    stderr: Buffer.concat(stderr).toString('utf8'),
  };
}

export function stateOf(status: HostStatus, daemon: string): string | undefined {
  return status.daemons.find(({ name }) => name === daemon)?.state;
}

export function pidOf(status: HostStatus, daemon: string): number {
  return status.daemons.find(({ name }) => name === daemon)?.pid ?? 0;
}

/** What a boot may leave on the machine; a test expects none of it afterwards. */
export function leftBehind(root: string): string[] {
  const run = readdirSync(join(root, 'run'), { recursive: true, withFileTypes: true });
  const files = run.filter(entry => !entry.isDirectory()).map(entry => join(entry.parentPath, entry.name));
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter(line => line.includes(root));
  return [...files, ...mounts, ...processesNaming(root).map(pid => `process ${pid}`)];
}

export function removeRoot(root: string): void {
  rmSync(root, { recursive: true, force: true });
}
