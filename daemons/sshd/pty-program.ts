import { chownSync } from 'node:fs';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { ReadStream } from 'node:tty';
import { native } from 'node-pty';
import type { ServerChannel } from 'ssh2';
import { closeOnExec } from '../../lib/linux/index.js';
import type { Ending, Program, ProgramOptions } from './program.js';
import { pumpInput, pumpOutput } from './pumps.js';

export interface WindowSize {
  columns: number;
  rows: number;
}

const TTY_GROUP = 5;
const LAST_OUTPUT_MS = 500;

/** A window as struct winsize holds it. */
export function boundedWindow(columns: number, rows: number): WindowSize {
  const bound = (value: number, otherwise: number): number =>
    Number.isInteger(value) && value > 0 ? Math.min(value, 0xffff) : otherwise;
  return { columns: bound(columns, 80), rows: bound(rows, 24) };
}

/**
 * Runs a program on a pty of the console's own devpts. node-pty's native part forks it; the master is an ordinary
 * stream here, because node-pty's own terminal retries a full pty in a busy loop and drops output 200 ms after the
 * exit, whatever the client has read by then.
 */
export class PtyProgram implements Program {
  readonly pid: number;
  readonly ended: Promise<Ending>;
  readonly #fd: number;
  readonly #master: ReadStream;
  readonly #abandoned = new AbortController();

  constructor(
    options: ProgramOptions,
    window: WindowSize,
    ownerUid: number,
    channel: ServerChannel,
    connection: Socket,
  ) {
    const [file, ...args] = options.argv;
    const environment = Object.entries(options.environment).map(([key, value]) => `${key}=${value}`);
    let exited: (ending: Ending) => void = () => undefined;
    const exit = new Promise<Ending>(resolve => {
      exited = resolve;
    });
    const { columns, rows } = window;
    const onExit = (code: number, signal: number): void => exited(endingOf(code, signal));
    const fork = native.fork(
      file,
      args,
      environment,
      options.folder,
      columns,
      rows,
      -1,
      -1,
      true,
      '',
      onExit,
    );
    closeOnExec(fork.fd); // forkpty does not, and every later session would hold this terminal open
    chownSync(fork.pty, ownerUid, TTY_GROUP);
    this.pid = fork.pid;
    this.#fd = fork.fd;
    this.#master = new ReadStream(fork.fd);
    pumpInput(channel, this.#master, false);
    const pumped = pumpOutput(this.#master, channel, connection, this.#abandoned.signal);
    this.ended = this.#end(exit, pumped);
  }

  resize(columns: number, rows: number): void {
    if (this.#master.destroyed) return;
    const window = boundedWindow(columns, rows);
    native.resize(this.#fd, window.columns, window.rows);
  }

  abandon(): void {
    this.#abandoned.abort();
    this.#master.destroy();
  }

  /** After the program's end the rest of its output is read. A background program may keep the pty open: not for it. */
  async #end(exit: Promise<Ending>, pumped: Promise<void>): Promise<Ending> {
    const ending = await exit;
    const quiet = this.#outputStands();
    await Promise.race([pumped, quiet.promise]);
    quiet.stop();
    this.#master.destroy();
    await pumped;
    return ending;
  }

  /** Resolves when no output was read for a while though the channel would take it. */
  #outputStands(): { promise: Promise<void>; stop: () => void } {
    let seen = this.#master.bytesRead;
    let timer: NodeJS.Timeout | undefined;
    const promise = new Promise<void>(resolve => {
      timer = setInterval(() => {
        if (this.#master.bytesRead === seen && this.#master.readableLength === 0) resolve();
        seen = this.#master.bytesRead;
      }, LAST_OUTPUT_MS);
    });
    return { promise, stop: () => clearInterval(timer) };
  }
}

function endingOf(code: number, signalNumber: number): Ending {
  const found = Object.entries(constants.signals).find(([, number]) => number === signalNumber);
  return signalNumber === 0 || found === undefined
    ? { status: code }
    : { signal: found[0], coreDumped: false };
}
