import type { Socket } from 'node:net';
import type { AuthContext, Connection } from 'ssh2';
import type { Account } from '../../lib/auth/index.js';
import type { Logger } from '../../lib/log/index.js';
import type { Peer } from './login-environment.js';
import { ShellSession } from './session.js';

const MAX_ATTEMPTS = 6;
const FAILURE_DELAY_MS = 1500;
const MAX_SESSIONS = 64;

export interface Logins {
  /** The account when the password opens it. */
  verify(user: string, password: string): Promise<Account | undefined>;
}

export interface ClientOptions {
  motdPath: string;
  logins: Logins;
  logger: Logger;
  /** Told when the client has logged in. */
  onLogin: () => void;
}

/** One client: its login, then its sessions. Everything it started ends with it. */
export class ClientConnection {
  readonly #client: Connection;
  readonly #socket: Socket;
  readonly #peer: Peer;
  readonly #options: ClientOptions;
  readonly #sessions = new Set<ShellSession>();
  #attempts = 0;
  #account: Account | undefined;

  constructor(client: Connection, socket: Socket, options: ClientOptions) {
    this.#client = client;
    this.#socket = socket;
    this.#options = options;
    this.#peer = peerOf(socket);
    client.on('authentication', context => this.#authenticate(context));
    client.on('ready', () => this.#ready());
    client.on('error', error => {
      options.logger.info({ err: { message: error.message }, peer: this.#peer.address }, 'connection');
    });
    client.on('close', () => this.close());
  }

  close(): void {
    for (const session of this.#sessions) session.close();
    this.#sessions.clear();
    this.#socket.destroy();
  }

  #authenticate(context: AuthContext): void {
    if (context.method !== 'password') {
      context.reject(['password']);
      return;
    }
    if (++this.#attempts > MAX_ATTEMPTS) {
      this.#giveUp('too many attempts');
      return;
    }
    const { username, password } = context;
    this.#options.logins.verify(username, password).then(
      account => {
        if (account === undefined) this.#refuse(context, username);
        else {
          this.#account = account;
          context.accept();
        }
      },
      error => {
        this.#options.logger.error({ err: error }, 'cannot check a password');
        this.#refuse(context, username);
      },
    );
  }

  #refuse(context: AuthContext, user: string): void {
    const { address, port } = this.#peer;
    this.#options.logger.warn(`Failed password for ${user.slice(0, 64)} from ${address} port ${port}`);
    setTimeout(() => {
      if (!this.#socket.destroyed) context.reject(['password']);
    }, FAILURE_DELAY_MS);
  }

  #giveUp(reason: string): void {
    this.#options.logger.warn({ peer: this.#peer.address }, reason);
    this.#client.end();
    this.#socket.destroySoon();
  }

  #ready(): void {
    const account = this.#account;
    if (account === undefined) return;
    this.#options.onLogin();
    const { address, port } = this.#peer;
    const { logger, motdPath } = this.#options;
    logger.info(`Accepted password for ${account.name} from ${address} port ${port}`);
    this.#client.on('session', (accept, reject) => {
      if (this.#sessions.size >= MAX_SESSIONS) {
        reject();
        return;
      }
      const session = accept();
      const shell = new ShellSession(session, {
        account,
        peer: this.#peer,
        connection: this.#socket,
        motdPath,
        logger,
      });
      this.#sessions.add(shell);
      session.on('close', () => {
        shell.close();
        this.#sessions.delete(shell);
      });
    });
  }
}

function peerOf(socket: Socket): Peer {
  return {
    address: socket.remoteAddress ?? 'unknown',
    port: socket.remotePort ?? 0,
    localAddress: socket.localAddress ?? 'unknown',
    localPort: socket.localPort ?? 0,
  };
}
