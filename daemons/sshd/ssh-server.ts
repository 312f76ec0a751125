import { createServer, type Server as ListeningServer, type Socket } from 'node:net';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { readAccount, verifyPassword } from '../../lib/auth/index.js';
import type { Logger } from '../../lib/log/index.js';
import { ClientConnection, type Logins } from './client-connection.js';
import { loadHostKeys } from './host-keys.js';

const MAX_CONNECTIONS = 256;
/** Connections that have not logged in yet; more are dropped at once. */
const MAX_STARTING = 64;
const KEEP_ALIVE_MS = 60_000;
const GREETING_MS = 20_000;

export interface SshServerOptions {
  /** A listening socket. */
  listenFd: number;
  /** /etc of the console. */
  etcFolder: string;
  logger: Logger;
}

/** Accepts clients on the socket that init listens on. */
export class SshServer {
  readonly #options: SshServerOptions;
  readonly #protocol: ssh2.Server;
  readonly #listening: ListeningServer;
  readonly #clients = new Set<ClientConnection>();
  /** Connections that have not said who they are yet; ssh2 tells of a client when its greeting has come. */
  readonly #greeted = new Map<string, { socket: Socket; timer: NodeJS.Timeout }>();

  constructor(options: SshServerOptions) {
    this.#options = options;
    const { etcFolder, logger } = options;
    const logins = consoleLogins(etcFolder);
    this.#protocol = new ssh2.Server(
      { hostKeys: loadHostKeys(join(etcFolder, 'ssh')), ident: 'openesx' },
      (client, { ip, port }) => {
        const socket = this.#take(`${ip} ${port}`);
        if (socket === undefined) return;
        const motdPath = join(etcFolder, 'motd');
        const connection = new ClientConnection(client, socket, { logins, logger, motdPath });
        this.#clients.add(connection);
        client.on('close', () => this.#clients.delete(connection));
      },
    );
    this.#listening = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
    this.#listening.on('connection', socket => {
      if (!this.#hasRoom(socket)) return;
      this.#greet(socket);
      this.#protocol.injectSocket(socket);
    });
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#listening.once('error', reject);
      this.#listening.listen({ fd: this.#options.listenFd }, () => {
        this.#listening.off('error', reject);
        this.#listening.on('error', error => this.#options.logger.error({ err: error }, 'listening socket'));
        resolve();
      });
    });
  }

  /** Ends every session. The socket itself stays init's. */
  close(): void {
    this.#listening.close();
    for (const client of this.#clients) client.close();
    for (const { socket } of this.#greeted.values()) socket.destroy();
  }

  #greet(socket: Socket): void {
    const key = `${socket.remoteAddress} ${socket.remotePort}`;
    const timer = setTimeout(() => socket.destroy(), GREETING_MS);
    this.#greeted.set(key, { socket, timer });
    socket.once('close', () => this.#take(key));
  }

  #take(key: string): Socket | undefined {
    const found = this.#greeted.get(key);
    clearTimeout(found?.timer);
    this.#greeted.delete(key);
    return found?.socket;
  }

  #hasRoom(socket: Socket): boolean {
    const starting = this.#greeted.size + [...this.#clients].filter(client => !client.loggedIn).length;
    if (this.#clients.size + this.#greeted.size < MAX_CONNECTIONS && starting < MAX_STARTING) return true;
    this.#options.logger.warn({ peer: socket.remoteAddress, starting }, 'connection dropped: too many');
    socket.destroy();
    return false;
  }
}

function consoleLogins(etcFolder: string): Logins {
  return {
    async verify(user, password) {
      const correct = await verifyPassword(join(etcFolder, 'shadow'), user, password);
      return correct ? readAccount(join(etcFolder, 'passwd'), user) : undefined;
    },
  };
}
