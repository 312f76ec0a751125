import { chownSync, closeSync, constants, openSync, readSync } from 'node:fs';
import type { Socket } from 'node:net';
import { constants as osConstants } from 'node:os';
import { ReadStream } from 'node:tty';

import type { ServerChannel } from 'ssh2';
import { closeOnExec } from '../../lib/linux/index.js';
import type { Ending, Program, ProgramOptions } from './program.js';
import { native } from './pty-native.js';
import { hasRoom, type Outlet, pumpInput, untilRoom } from './pumps.js';

export interface WindowSize {
  columns: number;
  rows: number;
}

export interface PtyOptions extends ProgramOptions {
  window: WindowSize;
  /** Owns the terminal. */
  ownerUid: number;
}

const TTY_GROUP = 5;
/** More than a pty holds; a background program may go on writing. */
const MAX_REST_BYTES = 1 << 20;

/** A window as struct winsize holds it. */
export function boundedWindow(columns: number, rows: number): WindowSize {
  const bound = (value: number, otherwise: number): number =>
    Number.isInteger(value) && value > 0 ? Math.min(value, 0xffff) : otherwise;
  return { columns: bound(columns, 80), rows: bound(rows, 24) };
}

/**
 * Runs a program on a pty of the console's own devpts. node-pty's native part forks it; reading and writing are done
 * here, because node-pty's terminal retries a full pty in a busy loop and drops output 200 ms after the exit.
 *
 * We hold the slave open too: when its last user closes it, Linux reports a hang-up and libuv then ends the stream
 * with output still unread. So there is no hang-up; at the program's exit what the pty still holds is read at once.
 */
export class PtyProgram implements Program {
  readonly pid: number;
  /** `pts/3` */
  readonly line: string;
  readonly ended: Promise<Ending>;
  readonly #masterFd: number;
  readonly #slaveFd: number;
  readonly #master: ReadStream;
  readonly #outlet: Outlet;
  readonly #abandoned = new AbortController();

  constructor(options: PtyOptions, channel: ServerChannel, connection: Socket) {
    const forked = forkOnPty(options);
    this.pid = forked.pid;
    this.line = forked.path.replace(/^\/dev\//, '');
    this.#masterFd = forked.masterFd;
    this.#slaveFd = forked.slaveFd;
    this.#outlet = { channel, connection };
    this.#master = new ReadStream(forked.masterFd);
    this.#master.on('data', (chunk: Buffer) => this.#send(chunk));
    pumpInput(channel, this.#master, false);
    this.ended = forked.exit.then(ending => {
      if (!this.#master.destroyed) for (const chunk of this.#rest()) channel.write(chunk);
      this.abandon();
      return ending;
    });
  }

  resize(columns: number, rows: number): void {
    if (this.#master.destroyed) return;
    const window = boundedWindow(columns, rows);
    native.resize(this.#masterFd, window.columns, window.rows);
  }

  abandon(): void {
    if (this.#master.destroyed) return;
    this.#abandoned.abort();
    this.#master.destroy();
    closeSync(this.#slaveFd);
  }

  #send(chunk: Buffer): void {
    this.#outlet.channel.write(chunk);
    if (hasRoom(this.#outlet)) return;
    this.#master.pause();
    untilRoom(this.#outlet, this.#abandoned.signal).then(
      () => this.#master.resume(),
      () => undefined, // abandoned
    );
  }

  /** What the stream and the pty still hold. In one go: the stream must not read in between. */
  #rest(): Buffer[] {
    const rest: Buffer[] = [];
    const buffered: Buffer | null = this.#master.readableLength > 0 ? this.#master.read() : null;
    if (buffered !== null) rest.push(buffered);
    for (let total = 0; total < MAX_REST_BYTES; ) {
      const chunk = readAvailable(this.#masterFd);
      if (chunk.length === 0) break;
      total += chunk.length;
      rest.push(chunk);
    }
    return rest;
  }
}

interface Forked {
  pid: number;
  path: string;
  masterFd: number;
  slaveFd: number;
  exit: Promise<Ending>;
}

function forkOnPty(options: PtyOptions): Forked {
  const [file, ...args] = options.argv;
  const { columns, rows } = options.window;
  const environment = Object.entries(options.environment).map(([key, value]) => `${key}=${value}`);
  let exited: (ending: Ending) => void = () => undefined;
  const exit = new Promise<Ending>(resolve => {
    exited = resolve;
  });
  const onExit = (code: number, signal: number): void => exited(endingOf(code, signal));
  const { folder } = options;
  const { pid, fd, pty } = native.fork(
    file,
    args,
    environment,
    folder,
    columns,
    rows,
    -1,
    -1,
    true,
    '',
    onExit,
  );
  try {
    closeOnExec(fd); // forkpty does not, and every later session would hold this terminal open
    chownSync(pty, options.ownerUid, TTY_GROUP);
    const slaveFd = openSync(pty, constants.O_RDWR | constants.O_NOCTTY);
    return { pid, path: pty, masterFd: fd, slaveFd, exit };
  } catch (error) {
    process.kill(pid, 'SIGKILL');
    closeSync(fd);
    throw error;
  }
}

/** @returns nothing when nothing is there: the master never blocks */
function readAvailable(fd: number): Buffer {
  const buffer = Buffer.allocUnsafe(65536);
  try {
    return buffer.subarray(0, readSync(fd, buffer));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EAGAIN' || code === 'EIO') return buffer.subarray(0, 0);
    throw error;
  }
}

function endingOf(code: number, signalNumber: number): Ending {
  const found = Object.entries(osConstants.signals).find(([, number]) => number === signalNumber);
  return signalNumber === 0 || found === undefined
    ? { status: code }
    : { signal: found[0], coreDumped: false };
}
