import { createServer, type Server as ListeningServer, type Socket } from 'node:net';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { readAccount, StartingConnections, verifyPassword } from '../../lib/auth/index.js';
import type { Logger } from '../../lib/log/index.js';
import { ClientConnection, type Logins } from './client-connection.js';

/** Clients that have logged in. */
const MAX_CLIENTS = 192;
const STARTING = { max: 64, maxPerAddress: 16, graceMs: 30_000 };
const KEEP_ALIVE_MS = 60_000;

export interface SshServerOptions {
  /** A listening socket. */
  listenFd: number;
  /** /etc of the console. */
  etcFolder: string;
  /** Private keys. */
  hostKeys: string[];
  logger: Logger;
}

/** Accepts clients on the socket that init listens on. */
export class SshServer {
  readonly #options: SshServerOptions;
  readonly #protocol: ssh2.Server;
  readonly #listening: ListeningServer;
  readonly #clients = new Set<ClientConnection>();
  readonly #starting: StartingConnections<Socket>;
  /** By address and port; ssh2 tells of a client by these, when its greeting has come. */
  readonly #greeted = new Map<string, Socket>();

  constructor(options: SshServerOptions) {
    this.#options = options;
    const { etcFolder, hostKeys, logger } = options;
    this.#starting = new StartingConnections(STARTING, (peer, reason) =>
      logger.warn({ peer }, `connection dropped: ${reason}`),
    );
    const logins = consoleLogins(etcFolder);
    this.#protocol = new ssh2.Server({ hostKeys, ident: 'openesx' }, (client, { ip, port }) => {
      const socket = this.#take(`${ip} ${port}`);
      if (socket === undefined) return;
      const connection = new ClientConnection(client, socket, {
        logins,
        logger,
        motdPath: join(etcFolder, 'motd'),
        onLogin: () => {
          this.#starting.remove(socket);
          this.#clients.add(connection);
        },
      });
      client.on('close', () => this.#clients.delete(connection));
    });
    this.#listening = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
    this.#listening.on('connection', socket => {
      if (this.#greet(socket)) this.#protocol.injectSocket(socket);
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
    this.#starting.destroyAll();
  }

  /** Accepts nobody new; those who are here stay. `onEmpty` is told when the last one has left. */
  drain(onEmpty: () => void): void {
    this.#listening.close(onEmpty);
  }

  /** @returns false when it is turned away: more clients than ever should are at work */
  #greet(socket: Socket): boolean {
    const address = socket.remoteAddress ?? 'unknown';
    if (this.#clients.size >= MAX_CLIENTS) {
      this.#options.logger.warn({ peer: address }, 'connection refused: too many clients');
      socket.destroy();
      return false;
    }
    const key = `${socket.remoteAddress} ${socket.remotePort}`;
    this.#greeted.set(key, socket);
    this.#starting.add(socket, address);
    socket.once('close', () => {
      this.#take(key);
      this.#starting.remove(socket);
    });
    return true;
  }

  #take(key: string): Socket | undefined {
    const socket = this.#greeted.get(key);
    this.#greeted.delete(key);
    return socket;
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
