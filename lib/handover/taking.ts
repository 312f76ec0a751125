import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { closeFd, receiveFd, socketFd, waitReadable } from '../linux/index.js';
import { encodeMessage, FD_BYTE, HandoverError, MessageReader } from './messages.js';

const MAX_PENDING = 32;
/** From its arrival to `go`: the giver has a client to answer. */
const PENDING_MS = 15_000;
const FIRST_WAITS = 10;
const FIRST_WAIT_MS = 100;

/** A connection that was offered and let in. */
export interface TakenConnection {
  /** It is this process's: the descriptor must be closed by it. */
  take(fd: number): void;
  /** The giver is gone, or thought better of it; nothing was taken. */
  drop(): void;
}

export interface TakerOptions {
  /** Where the unix socket is made, for root alone. */
  readonly path: string;
  /**
   * Looks at an offer. `fd` is lent until `take` or `drop`: it must not be read, written or closed.
   * @throws HandoverError Refused with a reason for the client
   */
  readonly admit: (offer: unknown, fd: number) => Promise<TakenConnection>;
  /** Something that is no refusal went wrong. */
  readonly onError: (error: unknown) => void;
}

/** The taking end: listens on a unix socket for connections that others hand over. */
export class HandoverTaker {
  readonly #options: TakerOptions;
  readonly #server: Server;
  readonly #pending = new Set<Socket>();

  private constructor(options: TakerOptions) {
    this.#options = options;
    this.#server = createServer({ pauseOnConnect: true }, socket => this.#accept(socket));
  }

  static async listen(options: TakerOptions): Promise<HandoverTaker> {
    const taker = new HandoverTaker(options);
    rmSync(options.path, { force: true });
    await new Promise<void>((resolve, reject) => {
      taker.#server.once('error', reject);
      taker.#server.listen(options.path, () => {
        taker.#server.off('error', reject);
        taker.#server.on('error', options.onError);
        chmodSync(options.path, 0o600);
        resolve();
      });
    });
    return taker;
  }

  close(): void {
    for (const socket of this.#pending) socket.destroy();
    this.#server.close();
  }

  #accept(socket: Socket): void {
    if (this.#pending.size >= MAX_PENDING) {
      socket.destroy();
      return;
    }
    this.#pending.add(socket);
    const late = setTimeout(() => socket.destroy(), PENDING_MS);
    socket.once('close', () => {
      clearTimeout(late);
      this.#pending.delete(socket);
    });
    socket.on('error', () => socket.destroy());
    this.#serve(socket).catch(error => {
      socket.destroy();
      this.#options.onError(error);
    });
  }

  async #serve(socket: Socket): Promise<void> {
    const fd = await firstDescriptor(socket);
    const messages = new Messages(socket);
    let isTaken = false;
    try {
      const admitted = await this.#admit(await messages.next(), fd);
      if (typeof admitted === 'string') {
        socket.write(encodeMessage({ type: 'refused', reason: admitted }));
        return;
      }
      socket.write(encodeMessage({ type: 'ready' }));
      const { type } = ((await messages.next()) ?? {}) as { type?: unknown };
      isTaken = type === 'go';
      if (isTaken) admitted.take(fd);
      else admitted.drop();
    } finally {
      if (!isTaken) closeFd(fd);
      socket.destroySoon();
    }
  }

  /** @returns the reason where it is refused */
  async #admit(offer: unknown, fd: number): Promise<TakenConnection | string> {
    try {
      return await this.#options.admit(offer, fd);
    } catch (error) {
      if (error instanceof HandoverError) return error.message;
      this.#options.onError(error);
      return 'an error of the host';
    }
  }
}

/** @throws HandoverError Malformed, SystemError when none comes */
async function firstDescriptor(socket: Socket): Promise<number> {
  // The giver sends it in the moment in which it connects: it is there, or on its way.
  for (let waits = 0; waits < FIRST_WAITS && !socket.destroyed; waits++) {
    const received = receiveFd(socketFd(socket));
    if (received === undefined) {
      await waitReadable(socketFd(socket), FIRST_WAIT_MS);
      continue;
    }
    if (received.byte === FD_BYTE) return received.fd;
    closeFd(received.fd);
    break;
  }
  throw new HandoverError('Malformed', 'No descriptor came');
}

/** What comes on a connection, one by one. */
class Messages {
  readonly #reader = new MessageReader();
  readonly #queue: unknown[] = [];
  #ended = false;
  #waiting: ((message: unknown) => void) | undefined;

  constructor(socket: Socket) {
    socket.on('data', chunk => {
      try {
        this.#queue.push(...this.#reader.push(chunk));
      } catch {
        socket.destroy(); // no JSON, or no end of it: its offer is not admitted
      }
      this.#serve();
    });
    socket.once('close', () => {
      this.#ended = true;
      this.#serve();
    });
    this.#ended = socket.destroyed;
    socket.resume();
  }

  /** @returns undefined when the connection has ended */
  next(): Promise<unknown> {
    return new Promise(resolve => {
      this.#waiting = resolve;
      this.#serve();
    });
  }

  #serve(): void {
    if (this.#waiting === undefined || (this.#queue.length === 0 && !this.#ended)) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting(this.#queue.shift());
  }
}
