import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';

/** What may wait in the connection's TCP buffer before its sessions' output is held back. */
const MAX_UNSENT_BYTES = 1 << 20;

/** Where a program's output goes, and the connection below it. */
export interface Outlet {
  channel: Writable;
  connection: Socket;
}

/** Whether the channel's window is open and the client reads. */
export function hasRoom({ channel, connection }: Outlet): boolean {
  return !channel.writableNeedDrain && connection.writableLength <= MAX_UNSENT_BYTES;
}

/** (ssh2 queues in the socket whatever the window allows, and a client may name any window: hence both.) */
export async function untilRoom({ channel, connection }: Outlet, signal: AbortSignal): Promise<void> {
  if (channel.writableNeedDrain) await once(channel, 'drain', { signal });
  while (connection.writableLength > MAX_UNSENT_BYTES) await once(connection, 'drain', { signal });
}

/** What ssh2 keeps of a write that waits for the window, and does not forget when it is done. */
interface Waiting {
  _chunk?: Buffer | undefined;
  _chunkcb?: unknown;
  _chunkErr?: Buffer | undefined;
  _chunkcbErr?: unknown;
}

/**
 * One of a channel's two outputs writes at a time, and what it left waiting is forgotten after it: ssh2 1.17 would send
 * the last piece of standard output again for one of standard error that waits, and lose that and the exit status.
 */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  constructor(private readonly channel: Waiting) {}

  take(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work).finally(() => {
      this.channel._chunk = undefined;
      this.channel._chunkcb = undefined;
      this.channel._chunkErr = undefined;
      this.channel._chunkcbErr = undefined;
    });
    this.#last = done.catch(() => undefined);
    return done;
  }
}

/** Carries a program's output into a channel until its end, holding back while there is no room. */
export async function pumpOutput(
  source: Readable,
  outlet: Outlet & { readonly turns: Turns },
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const chunk of source) {
      await outlet.turns.take(() => written(outlet.channel, chunk, signal));
      if (!hasRoom(outlet)) await untilRoom(outlet, signal);
    }
  } catch (error) {
    if (!isEnd(error)) throw error;
  }
}

/** Until the window had room for all of it, or nobody waits any more. */
function written(channel: Writable, chunk: Buffer, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return resolve();
    const abandoned = (): void => resolve();
    signal.addEventListener('abort', abandoned, { once: true });
    channel.write(chunk, error => {
      signal.removeEventListener('abort', abandoned);
      if (error) reject(error);
      else resolve();
    });
  });
}

/**
 * Carries a channel's input to a program. One that has shut its input is spared the rest, which is read and dropped.
 * `end` passes the end of the input on; a pty has none, its writing side is also its reading side.
 */
export function pumpInput(channel: Readable, target: Writable, end: boolean): void {
  const drop = (): void => {
    channel.unpipe(target);
    channel.resume();
  };
  target.on('error', drop);
  target.on('close', drop);
  channel.pipe(target, { end });
}

/** This end was closed. */
function isEnd(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return (
    code === 'EIO' || code === 'ABORT_ERR' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET'
  );
}
