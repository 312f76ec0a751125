import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/**
 * A part of a connection's life, for TLS that ends before the connection does: TLS runs over this stream, and when the
 * part is over the socket goes on without a byte lost or added, close_notify included.
 */
export class SegmentStream extends Duplex {
  readonly #socket: Socket;
  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#socket.pause();
  };
  readonly #onEnd = (): void => void this.push(null);
  readonly #onClose = (): void => void this.destroy();
  #detached = false;
  #isReading = true;

  /** @param socket nobody else reads it or writes to it meanwhile */
  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onClose);
  }

  /** No byte of the socket is read from now on; what is written still goes out. */
  stopReading(): void {
    this.#isReading = false;
    this.#socket.removeListener('data', this.#onData);
    this.#socket.pause();
  }

  resumeReading(): void {
    this.#isReading = true;
    this.#socket.on('data', this.#onData);
    this.#socket.resume();
  }

  /** The part is over: what is still written is dropped. The socket is paused, and open. */
  detach(): Socket {
    this.#detached = true;
    this.stopReading();
    this.#socket.removeListener('end', this.#onEnd);
    this.#socket.removeListener('close', this.#onClose);
    return this.#socket;
  }

  override _read(): void {
    if (this.#isReading) this.#socket.resume();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#detached) done();
    else this.#socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.#detached) this.#socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#detached) this.#socket.destroy();
    done(error);
  }
}
