import { createConnection, type Socket } from 'node:net';
import type { SerialBackend, SerialInput } from './serial-backend.js';

const RETRY_MS = 1000;
const SLOW_PEER_BYTES = 1 << 20;

/** The client end of a named pipe: connects when the server is there, again and again; bytes sent meanwhile are lost. */
export class PipeClient implements SerialBackend {
  readonly #path: string;
  readonly #input: SerialInput;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(path: string, input: SerialInput) {
    this.#path = path;
    this.#input = input;
    input.onRoom(() => this.#socket?.resume());
    this.#connect();
  }

  write(bytes: Uint8Array): void {
    const socket = this.#socket;
    if (socket?.readyState !== 'open') return;
    if (socket.writableLength > SLOW_PEER_BYTES) socket.destroy();
    else socket.write(bytes);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  #connect(): void {
    const socket = createConnection(this.#path);
    this.#socket = socket;
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => {
      if (!this.#input.offer(bytes)) socket.pause();
    });
    socket.on('close', () => {
      if (!this.#closed) this.#timer = setTimeout(() => this.#connect(), RETRY_MS);
    });
  }
}
