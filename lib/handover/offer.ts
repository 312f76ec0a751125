import { Socket } from 'node:net';
import { closeFd, connectUnix, SystemError, sendFd } from '../linux/index.js';
import { encodeMessage, FD_BYTE, HandoverError, MessageReader } from './messages.js';

const ANSWER_MS = 10_000;

/** A connection that the other process is ready to take. */
export interface Offer {
  /** It is the other's from now on; resolves when that has been said. */
  go(): Promise<void>;
  /** It is not handed over after all. */
  withdraw(): void;
}

/**
 * Offers the connection behind `fd` to the process that listens at `path`. The descriptor stays the caller's, who
 * closes it after `go`. @throws HandoverError Unreachable, Refused with the taker's reason
 */
export async function offerConnection(path: string, fd: number, offer: unknown): Promise<Offer> {
  const socket = connectAndSend(path, fd);
  const answer = answerOf(socket);
  socket.write(encodeMessage(offer));
  try {
    const refusal = await answer;
    if (refusal !== undefined) throw new HandoverError('Refused', refusal);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return {
    go: () =>
      new Promise(resolve => {
        socket.once('close', () => resolve());
        socket.end(encodeMessage({ type: 'go' }), () => resolve());
      }),
    withdraw: () => void socket.destroy(),
  };
}

function connectAndSend(path: string, fd: number): Socket {
  let unix = -1;
  try {
    unix = connectUnix(path);
    sendFd(unix, FD_BYTE, fd);
    return new Socket({ fd: unix, readable: true, writable: true });
  } catch (error) {
    if (unix >= 0) closeFd(unix);
    if (!(error instanceof SystemError)) throw error;
    throw new HandoverError('Unreachable', `The process that takes connections is not there (${error.code})`);
  }
}

/** @returns the taker's reason to refuse; undefined when it is ready */
function answerOf(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const reader = new MessageReader();
    const lost = (): void =>
      reject(new HandoverError('Unreachable', 'The process that takes connections left'));
    const late = setTimeout(lost, ANSWER_MS);
    socket.once('close', () => {
      clearTimeout(late);
      lost();
    });
    socket.on('error', lost);
    socket.on('data', chunk => {
      try {
        for (const message of reader.push(chunk)) {
          clearTimeout(late);
          const { type, reason } = message as { type?: unknown; reason?: unknown };
          resolve(type === 'ready' ? undefined : String(reason ?? 'refused'));
        }
      } catch (error) {
        reject(error as Error);
      }
    });
  });
}
