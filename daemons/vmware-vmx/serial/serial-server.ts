import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { SerialBackend, SerialInput } from './serial-backend.js';

export interface SerialServerOptions {
  readonly path: string;
  /** The last so many bytes are shown to who connects later. */
  readonly backlogBytes: number;
  readonly maxClients: number;
}

/** A client that lets this much pile up is cut off. */
const SLOW_CLIENT_BYTES = 1 << 20;

/** A serial port as a unix socket: all clients see what the guest sends, and all may type. */
export class SerialServer implements SerialBackend {
  readonly #options: SerialServerOptions;
  readonly #input: SerialInput;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  #backlog: Uint8Array[] = [];
  #backlogBytes = 0;

  private constructor(options: SerialServerOptions, input: SerialInput) {
    this.#options = options;
    this.#input = input;
    this.#server = createServer(socket => this.#accept(socket));
    input.onRoom(() => {
      for (const client of this.#clients) client.resume();
    });
  }

  /** @throws the system's error when the socket cannot be made */
  static async listen(options: SerialServerOptions, input: SerialInput): Promise<SerialServer> {
    const port = new SerialServer(options, input);
    rmSync(options.path, { force: true });
    await new Promise<void>((resolve, reject) => {
      port.#server.once('error', reject);
      port.#server.listen(options.path, () => {
        port.#server.removeListener('error', reject);
        // What fails later is the arrival of one client (no descriptor left): the port goes on for the others.
        port.#server.on('error', () => undefined);
        resolve();
      });
    });
    return port;
  }

  write(bytes: Uint8Array): void {
    this.#remember(bytes);
    for (const client of this.#clients) {
      if (client.writableLength > SLOW_CLIENT_BYTES) client.destroy();
      else client.write(bytes);
    }
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.end();
    await new Promise<void>(resolve => {
      this.#server.close(() => resolve());
    });
  }

  #accept(socket: Socket): void {
    if (this.#clients.size >= this.#options.maxClients) {
      socket.destroy();
      return;
    }
    this.#clients.add(socket);
    socket.on('close', () => this.#clients.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => {
      if (!this.#input.offer(bytes)) for (const client of this.#clients) client.pause();
    });
    for (const bytes of this.#backlog) socket.write(bytes);
  }

  #remember(bytes: Uint8Array): void {
    const { backlogBytes } = this.#options;
    if (backlogBytes === 0) return;
    this.#backlog.push(bytes);
    this.#backlogBytes += bytes.length;
    // Batches of a few bytes are joined now and then, so that the list stays short.
    if (this.#backlogBytes < backlogBytes && this.#backlog.length < 1024) return;
    const joined = Buffer.concat(this.#backlog);
    const kept = joined.subarray(Math.max(0, joined.length - backlogBytes));
    this.#backlog = [kept];
    this.#backlogBytes = kept.length;
  }
}
