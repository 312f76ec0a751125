import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { MessageSplitter, type SyslogMessage } from './messages.js';

/** Programs keep theirs open; who comes when all are taken gets the place of who was silent longest. */
const MAX_CONNECTIONS = 256;

export interface SyslogServerOptions {
  readonly path: string;
  write(message: SyslogMessage): void;
}

/** The socket behind /dev/log. */
export class SyslogServer {
  readonly #options: SyslogServerOptions;
  readonly #server: Server;
  /** In the order of their last words. */
  readonly #connections = new Set<Socket>();

  constructor(options: SyslogServerOptions) {
    this.#options = options;
    this.#server = createServer(socket => this.#serve(socket));
  }

  /** Takes the place of what an earlier life left there. */
  async listen(): Promise<void> {
    const { path } = this.#options;
    rmSync(path, { force: true });
    this.#server.listen(path);
    await once(this.#server, 'listening');
    chmodSync(path, 0o666);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#connections) socket.destroy();
  }

  #serve(socket: Socket): void {
    const splitter = new MessageSplitter();
    const write = (messages: readonly SyslogMessage[]): void => messages.forEach(this.#options.write);
    this.#makeRoom();
    this.#connections.add(socket);
    socket.on('data', chunk => {
      this.#connections.delete(socket);
      this.#connections.add(socket);
      write(splitter.push(chunk));
    });
    socket.on('error', () => socket.destroy()); // its sender ended
    socket.on('close', () => {
      this.#connections.delete(socket);
      write(splitter.end());
    });
  }

  #makeRoom(): void {
    if (this.#connections.size < MAX_CONNECTIONS) return;
    const [silent] = this.#connections;
    silent?.destroy();
    if (silent !== undefined) this.#connections.delete(silent);
  }
}
