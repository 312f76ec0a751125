import { createServer, type Server, type Socket } from 'node:net';
import { StartingConnections, type StartingLimits } from '../auth/index.js';
import type { Logger } from '../log/index.js';
import type { CertificateFile } from '../tls/index.js';
import { DoorConnection } from './door-connection.js';
import type { DoorKeeper } from './door-keeper.js';

/** Without a login: a share for each address, a time to log in; the oldest goes. */
const STARTING: StartingLimits = { max: 64, maxPerAddress: 32, graceMs: 30_000 };
/** Logged in and not handed over yet, the same with a share for each user: who knows what he wants needs moments. */
const LOGGED_IN: StartingLimits = { max: 64, maxPerAddress: 16, graceMs: 60_000 };
const KEEP_ALIVE_MS = 60_000;

export interface DoorOptions {
  /** A listening socket. */
  readonly listenFd: number;
  readonly ticketsOnly: boolean;
  readonly certificate: CertificateFile;
}

/** The server of ports 902 and 903: greets, speaks TLS and the line protocol, and hands connections over. */
export class Door {
  readonly #options: DoorOptions;
  readonly #keeper: DoorKeeper;
  readonly #logger: Logger;
  readonly #server: Server;
  readonly #starting: StartingConnections<DoorConnection>;
  readonly #loggedIn: StartingConnections<DoorConnection>;

  constructor(options: DoorOptions, keeper: DoorKeeper, logger: Logger) {
    this.#options = options;
    this.#keeper = keeper;
    this.#logger = logger;
    this.#starting = new StartingConnections(STARTING, (peer, reason) =>
      logger.warn({ peer }, `connection dropped: ${reason}`),
    );
    this.#loggedIn = new StartingConnections(LOGGED_IN, user =>
      logger.warn({ user }, 'connection dropped: too long, or too many of its user, without a VM'),
    );
    this.#server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
    this.#server.on('connection', socket => this.#accept(socket));
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ fd: this.#options.listenFd }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', error => this.#logger.error({ err: error }, 'listening socket'));
        resolve();
      });
    });
  }

  /** Connections that were handed over are not this process's any more. */
  close(): void {
    this.#server.close();
    this.#starting.destroyAll();
    this.#loggedIn.destroyAll();
  }

  #accept(socket: Socket): void {
    const address = socket.remoteAddress ?? 'unknown';
    const certificate = this.#certificate();
    if (certificate === undefined) {
      this.#logger.warn({ peer: address }, 'connection refused: no certificate');
      socket.destroy();
      return;
    }
    const { ticketsOnly } = this.#options;
    const connection = new DoorConnection({ socket, certificate, ticketsOnly }, this.#keeper, this.#logger);
    this.#starting.add(connection, address);
    let isLoggedIn = false;
    connection.onLogin(user => {
      // A later login of the same connection gains it no time.
      if (isLoggedIn) return;
      isLoggedIn = true;
      this.#starting.remove(connection);
      this.#loggedIn.add(connection, user);
    });
    connection.onOver(() => {
      this.#starting.remove(connection);
      this.#loggedIn.remove(connection);
    });
  }

  #certificate(): ReturnType<CertificateFile['current']> {
    try {
      return this.#options.certificate.current();
    } catch (error) {
      this.#logger.error({ err: error }, 'certificate');
      return undefined;
    }
  }
}
