import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';

/** What may wait in the connection's TCP buffer before its sessions' output is held back. */
const MAX_UNSENT_BYTES = 1 << 20;

/**
 * Carries a program's output into a channel until its end, holding back while the channel's window is shut or the
 * client does not read. (ssh2 queues in the socket whatever the window allows, and a client may name any window.)
 */
export async function pumpOutput(
  source: Readable,
  channel: Writable,
  connection: Socket,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const chunk of source) {
      if (!channel.write(chunk)) await once(channel, 'drain', { signal });
      while (connection.writableLength > MAX_UNSENT_BYTES) await once(connection, 'drain', { signal });
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

/** EIO is a pty whose last program has closed it; the others say that this end was closed. */
function isEnd(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return (
    code === 'EIO' || code === 'ABORT_ERR' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET'
  );
}
