import type { Socket } from 'node:net';
import type { Connection, Session } from 'ssh2';
import type { LoginGuard } from '../../lib/auth/index.js';
import type { Logger } from '../../lib/log/index.js';
import type { ServerConfig } from './config/server-config.js';
import { LocalForwards } from './local-forwards.js';
import { type Admission, ClientLogin } from './login/client-login.js';
import type { ConsoleLogins } from './login/console-logins.js';
import type { Peer } from './login-environment.js';
import type { LoginRecords } from './login-records/login-records.js';
import { ShellSession } from './session.js';

/** What a channel may hold that its program has not read: ssh2's window, and a client that does not keep to it. */
const MAX_UNREAD_BYTES = 4 << 20;

export interface ClientOptions {
  readonly config: ServerConfig;
  readonly motdPath: string;
  readonly logins: ConsoleLogins;
  readonly guard: LoginGuard;
  readonly records: LoginRecords;
  readonly logger: Logger;
  /** Told when the client has logged in. */
  readonly onLogin: () => void;
}

/** One client: its login, then its sessions. Everything it started ends with it. */
export class ClientConnection {
  readonly #client: Connection;
  readonly #socket: Socket;
  readonly #peer: Peer;
  readonly #options: ClientOptions;
  readonly #login: ClientLogin;
  readonly #sessions = new Set<ShellSession>();
  #forwards: LocalForwards | undefined;

  constructor(client: Connection, socket: Socket, options: ClientOptions) {
    this.#client = client;
    this.#socket = socket;
    this.#options = options;
    this.#peer = peerOf(socket);
    const { address, port } = this.#peer;
    const { config, logins, guard, logger } = options;
    const giveUp = (): void => this.#end();
    this.#login = new ClientLogin({ address, port, config, logins, guard, logger, giveUp });
    client.on('authentication', context => this.#login.handle(context));
    client.on('ready', () => this.#ready());
    client.on('error', error => {
      logger.info({ err: { message: error.message }, peer: address }, 'connection');
      // It does not answer any more: there is nobody to say goodbye to.
      if (isTimeout(error)) socket.destroy();
    });
    client.on('close', () => this.close());
  }

  close(): void {
    for (const session of this.#sessions) session.close();
    this.#sessions.clear();
    this.#forwards?.close();
    this.#socket.destroy();
  }

  #end(): void {
    this.#client.end();
    this.#socket.destroySoon();
  }

  #ready(): void {
    const { admission } = this.#login;
    if (admission === undefined) return;
    const { logger, onLogin, config } = this.#options;
    onLogin();
    const { address, port } = this.#peer;
    const { account, method, key, options } = admission;
    const by = key === undefined ? '' : `: ${key}`;
    logger.info(`Accepted ${method} for ${account.name} from ${address} port ${port} ssh2${by}`);
    this.#client.on('session', (accept, reject) => {
      if (this.#sessions.size >= config.maxSessions) reject();
      else this.#open(accept(), admission);
    });
    this.#socket.on('data', () => this.#refuseToHoard());
    // Without a listener ssh2 answers "administratively prohibited".
    if (config.allowTcpForwarding && options.portForwarding)
      this.#forwards = new LocalForwards(this.#client, logger);
  }

  #open(session: Session, admission: Admission): void {
    const { config, motdPath, records, logger } = this.#options;
    const shell = new ShellSession(session, {
      admission,
      config,
      peer: this.#peer,
      connection: this.#socket,
      motdPath,
      records,
      logger,
    });
    this.#sessions.add(shell);
    session.on('close', () => {
      shell.close();
      this.#sessions.delete(shell);
    });
  }

  #refuseToHoard(): void {
    for (const session of this.#sessions) {
      if (session.unreadBytes <= MAX_UNREAD_BYTES) continue;
      this.#options.logger.warn(
        { peer: this.#peer.address },
        'the client sends past its window: disconnected',
      );
      this.close();
      return;
    }
  }
}

function isTimeout(error: Error): boolean {
  return 'level' in error && error.level === 'client-timeout';
}

function peerOf(socket: Socket): Peer {
  return {
    address: socket.remoteAddress ?? 'unknown',
    port: socket.remotePort ?? 0,
    localAddress: socket.localAddress ?? 'unknown',
    localPort: socket.localPort ?? 0,
  };
}
