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

/** Carries a program's output into a channel until its end, holding back while there is no room. */
export async function pumpOutput(source: Readable, outlet: Outlet, signal: AbortSignal): Promise<void> {
  try {
    for await (const chunk of source) {
      outlet.channel.write(chunk);
      if (!hasRoom(outlet)) await untilRoom(outlet, signal);
    }
  } catch (error) {
    if (!isEnd(error)) throw error;
  }
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
