import { createServer, type Server as ListeningServer, type Socket } from 'node:net';
import { join } from 'node:path';
import ssh2, { type Connection, type ServerConfig as Ssh2Config } from 'ssh2';
import { type LoginGuard, StartingConnections } from '../../lib/auth/index.js';
import type { Logger } from '../../lib/log/index.js';
import { ClientConnection } from './client-connection.js';
import type { ConfigFile } from './config/config-file.js';
import type { ServerConfig } from './config/server-config.js';
import { readShortText } from './greeting.js';
import { ConsoleLogins } from './login/console-logins.js';
import type { LoginRecords } from './login-records/login-records.js';

/** Clients that have logged in. */
const MAX_CLIENTS = 192;
const STARTING = { max: 64, maxPerAddress: 16, graceMs: 30_000 };
const KEEP_ALIVE_MS = 60_000;
/** As long as a timer goes. */
const NEVER_MS = 2 ** 31 - 1;
/** A client takes the first of its own list that is here. chacha20-poly1305 in JavaScript takes half as long again. */
const CIPHERS = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
] as const;

export interface SshServerOptions {
  /** A listening socket. */
  listenFd: number;
  /** /etc of the console. */
  etcFolder: string;
  /** Private keys. */
  hostKeys: string[];
  config: ConfigFile;
  guard: LoginGuard;
  records: LoginRecords;
  logger: Logger;
}

/** The types say nothing of ssh2's questions to a silent client. */
type ServerSettings = Ssh2Config & { keepaliveInterval?: number; keepaliveCountMax?: number };

interface Greeted {
  readonly socket: Socket;
  readonly config: ServerConfig;
}

/** Accepts clients on the socket that init listens on. */
export class SshServer {
  readonly #options: SshServerOptions;
  readonly #protocol: ssh2.Server;
  readonly #settings: ServerSettings;
  readonly #logins: ConsoleLogins;
  readonly #listening: ListeningServer;
  readonly #clients = new Set<ClientConnection>();
  readonly #starting: StartingConnections<Socket>;
  /** By address and port; ssh2 tells of a client by these, when its greeting has come. */
  readonly #greeted = new Map<string, Greeted>();

  constructor(options: SshServerOptions) {
    this.#options = options;
    const { hostKeys, logger } = options;
    this.#starting = new StartingConnections(STARTING, (peer, reason) =>
      logger.warn({ peer }, `connection dropped: ${reason}`),
    );
    this.#logins = new ConsoleLogins(options.etcFolder);
    this.#settings = { hostKeys, ident: 'openesx', algorithms: { cipher: [...CIPHERS] } };
    this.#protocol = new ssh2.Server(this.#settings, (client, { ip, port }) => {
      const greeted = this.#take(`${ip} ${port}`);
      if (greeted !== undefined) this.#serve(client, greeted);
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
    const config = this.#options.config.read();
    this.#set(config);
    this.#greeted.set(key, { socket, config });
    this.#starting.add(socket, address);
    socket.once('close', () => {
      this.#take(key);
      this.#starting.remove(socket);
    });
    return true;
  }

  #serve(client: Connection, { socket, config }: Greeted): void {
    const { etcFolder, guard, records, logger } = this.#options;
    const connection = new ClientConnection(client, socket, {
      config,
      logins: this.#logins,
      guard,
      records,
      logger,
      motdPath: join(etcFolder, 'motd'),
      onLogin: () => {
        this.#starting.remove(socket);
        this.#clients.add(connection);
      },
    });
    client.on('close', () => this.#clients.delete(connection));
  }

  /** ssh2 reads these when a client comes. */
  #set({ banner, clientAliveIntervalMs, clientAliveCountMax }: ServerConfig): void {
    this.#settings.banner = banner === undefined ? '' : readShortText(banner);
    this.#settings.keepaliveInterval = clientAliveIntervalMs > 0 ? clientAliveIntervalMs : NEVER_MS;
    this.#settings.keepaliveCountMax = clientAliveCountMax;
  }

  #take(key: string): Greeted | undefined {
    const greeted = this.#greeted.get(key);
    this.#greeted.delete(key);
    return greeted;
  }
}
