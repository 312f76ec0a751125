import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { ServerChannel } from 'ssh2';
import { pipe } from '../../lib/linux/index.js';
import type { Ending, Program, ProgramOptions } from './program.js';
import { pumpInput, pumpOutput, Turns } from './pumps.js';

/**
 * Runs a program on three pipes in a session of its own. Pipes, not the sockets that Node would make: a program may
 * open /dev/stdout and /dev/stderr anew.
 */
export class PipedProgram implements Program {
  readonly pid: number;
  readonly ended: Promise<Ending>;
  readonly #abandoned = new AbortController();
  readonly #streams: readonly Socket[];

  constructor(options: ProgramOptions, channel: ServerChannel, connection: Socket) {
    const [stdin, stdout, stderr] = [pipe(), pipe(), pipe()];
    const child = spawnClosing(options, [stdin.readFd, stdout.writeFd, stderr.writeFd]);
    const input = new Socket({ fd: stdin.writeFd, readable: false, writable: true });
    const output = new Socket({ fd: stdout.readFd, readable: true, writable: false });
    const complaint = new Socket({ fd: stderr.readFd, readable: true, writable: false });
    this.#streams = [input, output, complaint];
    this.pid = child.pid ?? -1;
    pumpInput(channel, input, true);
    const { signal } = this.#abandoned;
    const exited = endingOf(child);
    const turns = new Turns(channel as object);
    const pumped = Promise.all([
      pumpOutput(output, { channel, connection, turns }, signal),
      pumpOutput(complaint, { channel: channel.stderr, connection, turns }, signal),
    ]);
    this.ended = Promise.all([exited, pumped]).then(([ending]) => ending);
  }

  resize(): void {
    // A program on pipes has no window.
  }

  abandon(): void {
    this.#abandoned.abort();
    for (const stream of this.#streams) stream.destroy();
  }
}

function spawnClosing(options: ProgramOptions, fds: readonly [number, number, number]): ChildProcess {
  const [file, ...args] = options.argv;
  try {
    return spawn(file, args, {
      cwd: options.folder,
      env: { ...options.environment },
      stdio: [...fds],
      detached: true,
    });
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}

async function endingOf(child: ChildProcess): Promise<Ending> {
  if (child.pid === undefined) {
    await once(child, 'error').catch(() => undefined);
    return { status: 127 };
  }
  const [code, signal]: [number | null, NodeJS.Signals | null] = await new Promise(resolve => {
    child.once('exit', (c, s) => resolve([c, s]));
  });
  return signal === null ? { status: code ?? 255 } : { signal, coreDumped: false };
}
