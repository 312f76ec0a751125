import { LineReader } from './lines.js';

/** What the daemon says first, in the clear: TLS follows at once, without a word for it. */
export const GREETING =
  '220 VMware Authentication Daemon Version 1.10: SSL Required, ServerDaemonProtocol:SOAP, MKSDisplayProtocol:VNC , \r\n';

/** USER and PASS take 250 characters, a path 4,096 of VMware's file systems; what is longer is nobody's line. */
const MAX_LINE_BYTES = 5000;
const MAX_ARGUMENT = 250;
/** Wrong ones on one connection; then it is closed. */
const MAX_FAILURES = 10;
/** Of one connection: logging in ten times and being connected takes thirty. */
const MAX_LINES = 500;
const MAX_NONCE = 64;
const TICKET = /^52[0-9a-f]{6}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Who is logged in: a user of the console, or the bearer of a ticket. */
export type Identity =
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'ticket'; readonly ticket: string };

/** A client wants to be connected to a VM. */
export interface ConnectRequest {
  /** As the client wrote it, made absolute: `[storage1] a/a.vmx` is `/vmfs/volumes/storage1/a/a.vmx`. */
  readonly vmxPath: string;
  readonly service: string;
  readonly identity: Identity;
  /** What the client will say first inside its second TLS session; '' where it asked for no THUMBPRINT. */
  readonly nonce: string;
}

export type SessionEffect =
  | { readonly type: 'send'; readonly text: string }
  /** Answered by {@link AuthdSession.loginDecided}. */
  | { readonly type: 'checkPassword'; readonly user: string; readonly password: string }
  | { readonly type: 'checkTicket'; readonly ticket: string }
  /** Nothing more may be read. Answered by {@link AuthdSession.connectDecided}. */
  | { readonly type: 'connect'; readonly request: ConnectRequest }
  /** The answer has been written: the connection is the VM's now. */
  | { readonly type: 'handOver' }
  | { readonly type: 'close'; readonly reason: string };

export interface SessionOptions {
  /** vmkauthd knows no accounts. */
  readonly ticketsOnly: boolean;
  /** Of the certificate, as hex with colons. */
  readonly thumbprintSha1: string;
  readonly thumbprintSha256: string;
}

type Waiting = 'login' | 'silentLogin' | 'connect';

/**
 * The line protocol of authd and vmkauthd, from the first line inside TLS to the hand-over: bytes and decisions in,
 * effects out. One line is answered after the other; a line after CONNECT ends the connection.
 */
export class AuthdSession {
  readonly #options: SessionOptions;
  readonly #reader = new LineReader(MAX_LINE_BYTES);
  readonly #lines: string[] = [];
  #user: string | undefined;
  #trying: Identity | undefined;
  #identity: Identity | undefined;
  #nonce = '';
  #failures = 0;
  #lineCount = 0;
  #waiting: Waiting | undefined;
  #connectPath = '';
  #over = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Whether somebody is logged in. */
  get loggedIn(): boolean {
    return this.#identity !== undefined;
  }

  receive(chunk: Uint8Array): SessionEffect[] {
    if (this.#over) return [];
    if (this.#waiting === 'connect') return this.#close('went on after CONNECT');
    const { lines, tooLong } = this.#reader.push(chunk);
    this.#lineCount += lines.length;
    if (this.#lineCount > MAX_LINES) return this.#close('too many lines');
    this.#lines.push(...lines);
    const effects = this.#advance();
    if (!tooLong || this.#over) return effects;
    return [...effects, ...this.#close('a line too long', '501 Line too long.')];
  }

  /** @param accepted whether the password or ticket that was asked about is right */
  loginDecided(accepted: boolean): SessionEffect[] {
    const silent = this.#waiting === 'silentLogin';
    const tried = this.#trying;
    this.#waiting = undefined;
    this.#trying = undefined;
    if (this.#over) return [];
    if (!accepted || tried === undefined) {
      const effects = silent ? this.#countFailure() : this.#refuseLogin();
      return [...effects, ...this.#advance()];
    }
    this.#identity = tried;
    const name = tried.kind === 'user' ? tried.user : tried.ticket;
    const effects = silent ? [] : this.#say(`230 User ${name} logged in.`);
    return [...effects, ...this.#advance()];
  }

  /** @param refusal why the VM cannot be reached; undefined: it waits for the connection */
  connectDecided(refusal: string | undefined): SessionEffect[] {
    if (this.#over) return [];
    this.#waiting = undefined;
    if (refusal !== undefined) return [...this.#say(`550 ${printable(refusal)}`), ...this.#advance()];
    this.#over = true;
    return [...this.#say(`200 Connect ${this.#connectPath}`), { type: 'handOver' }];
  }

  /** Answers line by line until one has to wait. */
  #advance(): SessionEffect[] {
    const effects: SessionEffect[] = [];
    while (!this.#over && this.#waiting === undefined) {
      const line = this.#lines.shift();
      if (line === undefined) break;
      effects.push(...this.#answer(line));
    }
    if (this.#waiting === 'connect' && (this.#lines.length > 0 || this.#reader.heldBytes > 0))
      return this.#close('went on after CONNECT');
    return effects;
  }

  #answer(line: string): SessionEffect[] {
    const [, word = '', argument = ''] = /^(\S*) ?(.*)$/s.exec(line) ?? [];
    if (/\p{Cc}/u.test(line)) return this.#say('501 Invalid arguments');
    switch (word.toUpperCase()) {
      case 'USER':
        return this.#userNamed(argument);
      case 'PASS':
        return this.#passwordGiven(argument);
      case 'SESSION':
        return this.#sessionNamed(argument);
      case 'BANNER':
        return [{ type: 'send', text: GREETING }];
      case 'QUIT':
        return this.#close('the client left', '221 Goodbye.');
      default:
        if (this.#identity === undefined) return this.#say('530 Please login with USER and PASS.');
        return this.#command(word.toUpperCase(), argument);
    }
  }

  #command(verb: string, argument: string): SessionEffect[] {
    switch (verb) {
      case 'THUMBPRINT':
        if (!new RegExp(`^\\S{1,${MAX_NONCE}}$`).test(argument)) return this.#say('501 Invalid arguments');
        this.#nonce = argument;
        return this.#say(`200 ${this.#options.thumbprintSha1}`);
      case 'THUMBPRINT_SHA2':
        if (!/^[^\s:]{1,64}$/.test(argument)) return this.#say('501 Invalid arguments');
        return this.#say(`200 ${this.#options.thumbprintSha256}`);
      case 'CONNECT':
        return this.#connect(argument);
      case 'PROXY':
        return this.#say(`501 Service ${argument.slice(0, 64)} is not on this host.`);
      default:
        return this.#say(`501 ${verb.slice(0, 32)} is no command of this daemon.`);
    }
  }

  #userNamed(argument: string): SessionEffect[] {
    const user = unquoted(argument);
    if (argument === '' || user.length > MAX_ARGUMENT) return this.#say('501 Invalid arguments');
    this.#identity = undefined;
    this.#user = user;
    return this.#say(`331 Password required for ${user}.`);
  }

  #passwordGiven(argument: string): SessionEffect[] {
    const user = this.#user;
    if (user === undefined) return this.#say('530 Please login with USER and PASS.');
    const password = unquoted(argument);
    this.#user = undefined;
    if (argument.length > MAX_ARGUMENT) return this.#refuseLogin();
    if (TICKET.test(user) && user === password) return this.#try({ kind: 'ticket', ticket: user }, 'login');
    if (this.#options.ticketsOnly) return this.#refuseLogin();
    this.#waiting = 'login';
    this.#trying = { kind: 'user', user };
    return [{ type: 'checkPassword', user, password }];
  }

  /** It has no reply of its own. */
  #sessionNamed(ticket: string): SessionEffect[] {
    this.#identity = undefined;
    if (!TICKET.test(ticket)) return this.#countFailure();
    return this.#try({ kind: 'ticket', ticket }, 'silentLogin');
  }

  #try(identity: Extract<Identity, { kind: 'ticket' }>, waiting: Waiting): SessionEffect[] {
    this.#waiting = waiting;
    this.#trying = identity;
    return [{ type: 'checkTicket', ticket: identity.ticket }];
  }

  #connect(argument: string): SessionEffect[] {
    const identity = this.#identity;
    const [, path = '', service = ''] = /^(.+) (\S+)$/.exec(argument) ?? [];
    const vmxPath = absolutePath(path);
    if (identity === undefined || vmxPath === undefined) return this.#say('501 Invalid arguments');
    this.#waiting = 'connect';
    this.#connectPath = path;
    return [{ type: 'connect', request: { vmxPath, service, identity, nonce: this.#nonce } }];
  }

  #refuseLogin(): SessionEffect[] {
    return [...this.#say('530 Login incorrect.'), ...this.#countFailure()];
  }

  #countFailure(): SessionEffect[] {
    this.#failures++;
    return this.#failures >= MAX_FAILURES ? this.#close('too many failed logins') : [];
  }

  #say(line: string): SessionEffect[] {
    return [{ type: 'send', text: `${line}\r\n` }];
  }

  #close(reason: string, line?: string): SessionEffect[] {
    this.#over = true;
    return [...(line === undefined ? [] : this.#say(line)), { type: 'close', reason }];
  }
}

/** Clients write an empty name or password as two quotes. */
function unquoted(argument: string): string {
  return argument === '""' ? '' : argument;
}

/** @returns undefined for what names no file on a datastore */
function absolutePath(path: string): string | undefined {
  if (path.startsWith('/')) return path;
  const [, datastore, file] = /^\[([^\]/]+)\] ?([^/].*)$/.exec(path) ?? [];
  return datastore === undefined ? undefined : `/vmfs/volumes/${datastore}/${file}`;
}

/** A reason may hold anything; an answer is one line. */
function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, 200);
}
