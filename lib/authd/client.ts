import { randomBytes } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { SegmentStream } from '../tls/index.js';
import { LineReader } from './lines.js';

const STEP_MS = 15_000;
const MAX_REPLY_BYTES = 8192;
const NONCE_BYTES = 12;

/** The daemon does not answer as it should, or refuses; `reply` is its line. */
export class AuthdClientError extends Error {
  override readonly name = 'AuthdClientError';
  constructor(
    readonly code: 'NoGreeting' | 'LoginRefused' | 'ConnectRefused' | 'ConnectionLost' | 'WrongCertificate',
    message: string,
    readonly reply = '',
  ) {
    super(message);
  }
}

export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  /** A ticket stands as both. */
  readonly user: string;
  readonly password: string;
  /** The .vmx, absolute or as a datastore path. */
  readonly vmxPath: string;
  readonly service: 'mks' | 'vmctl';
  /** SHA-1 of the certificate that both TLS sessions must show; undefined takes any, the same twice. */
  readonly thumbprint?: string;
}

/**
 * The way of a client from a ticket to a VM: greeting, TLS, login, THUMBPRINT, CONNECT, a second TLS session on the
 * same connection, the nonce. @returns that session, at its first byte from the VM (for mks: RFB's ServerInit)
 * @throws AuthdClientError, and the socket's own errors
 */
export async function connectByTicket(
  options: Omit<ConnectOptions, 'user' | 'password'> & { readonly ticket: string },
): Promise<TLSSocket> {
  return connectThrough({ ...options, user: options.ticket, password: options.ticket });
}

/** As {@link connectByTicket}, logged in by name and password (authd only). */
export async function connectThrough(options: ConnectOptions): Promise<TLSSocket> {
  const socket = connectTcp({ host: options.host, port: options.port, noDelay: true });
  try {
    const nonce = await withinTime(socket, firstSession(socket, options));
    const tls = await withinTime(socket, secondSession(socket, nonce.thumbprint));
    tls.write(nonce.text);
    return tls;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function firstSession(
  socket: Socket,
  options: ConnectOptions,
): Promise<{ text: string; thumbprint: string }> {
  const { user, password, vmxPath, service, thumbprint } = options;
  const greeting = await readGreeting(socket);
  if (!greeting.startsWith('220 VMware Authentication Daemon Version '))
    throw new AuthdClientError('NoGreeting', 'That is no authentication daemon', greeting);
  const segment = new SegmentStream(socket);
  const dialogue = new Dialogue(connectTls({ socket: segment, rejectUnauthorized: false }));
  await dialogue.ask(`USER ${user === '' ? '""' : user}`, '331', 'LoginRefused');
  await dialogue.ask(`PASS ${password === '' ? '""' : password}`, '230', 'LoginRefused');
  const text = randomBytes(NONCE_BYTES).toString('base64');
  const named = (await dialogue.ask(`THUMBPRINT ${text}`, '200', 'ConnectRefused')).slice(4).trim();
  if (named !== (thumbprint ?? dialogue.thumbprint) || named !== dialogue.thumbprint)
    throw new AuthdClientError('WrongCertificate', `The host shows another certificate: ${named}`);
  await dialogue.ask(`CONNECT ${vmxPath} ${service}`, '200', 'ConnectRefused');
  // The daemon drops its session without a word; so does this end.
  segment.detach();
  dialogue.drop();
  return { text, thumbprint: named };
}

function secondSession(socket: Socket, thumbprint: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const tls = connectTls({ socket, rejectUnauthorized: false }, () => {
      tls.off('error', reject);
      if (tls.getPeerCertificate().fingerprint === thumbprint) resolve(tls);
      else reject(new AuthdClientError('WrongCertificate', 'The VM shows another certificate than its host'));
    });
    tls.once('error', reject);
  });
}

async function readGreeting(socket: Socket): Promise<string> {
  const reader = new LineReader(MAX_REPLY_BYTES);
  return new Promise((resolve, reject) => {
    const lost = (): void => reject(new AuthdClientError('ConnectionLost', 'The connection ended'));
    socket.once('error', reject);
    socket.once('close', lost);
    const onData = (chunk: Buffer): void => {
      const { lines, tooLong } = reader.push(chunk);
      if (tooLong) reject(new AuthdClientError('NoGreeting', 'That is no authentication daemon'));
      if (lines[0] === undefined) return;
      socket.off('data', onData);
      socket.off('close', lost);
      socket.off('error', reject);
      resolve(lines[0]);
    };
    socket.on('data', onData);
  });
}

/** One line asked, one answered. */
class Dialogue {
  readonly #tls: TLSSocket;
  readonly #reader = new LineReader(MAX_REPLY_BYTES);
  #answer: (line: string) => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;

  constructor(tls: TLSSocket) {
    this.#tls = tls;
    tls.on('data', (chunk: Buffer) => {
      for (const line of this.#reader.push(chunk).lines) this.#answer(line);
    });
    tls.on('error', error => this.#fail(error));
    tls.on('close', () => this.#fail(new AuthdClientError('ConnectionLost', 'The connection ended')));
  }

  get thumbprint(): string {
    return this.#tls.getPeerCertificate().fingerprint;
  }

  /** @throws AuthdClientError `code` for an answer that does not begin with `expected` */
  ask(line: string, expected: string, code: AuthdClientError['code']): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      this.#answer = reply => {
        if (reply.startsWith(expected)) resolve(reply);
        else reject(new AuthdClientError(code, `The host refuses: ${reply}`, reply));
      };
      this.#tls.write(`${line}\r\n`);
    });
  }

  drop(): void {
    this.#fail = () => undefined;
    this.#tls.destroy();
  }
}

async function withinTime<T>(socket: Socket, step: Promise<T>): Promise<T> {
  const lost = new AuthdClientError('ConnectionLost', 'The host does not answer in time');
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(lost);
      socket.destroy();
    }, STEP_MS);
  });
  try {
    return await Promise.race([step, late]);
  } finally {
    clearTimeout(timer);
  }
}
