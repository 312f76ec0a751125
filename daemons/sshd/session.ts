import { statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import type { ServerChannel, Session } from 'ssh2';
import type { Account } from '../../lib/auth/index.js';
import { readPlainFile } from '../../lib/linux/index.js';
import type { Logger } from '../../lib/log/index.js';
import { loginEnvironment, type Peer, RequestedEnvironment, sessionArgv } from './login-environment.js';
import { PipedProgram } from './piped-program.js';
import type { Ending, Program } from './program.js';
import { boundedWindow, PtyProgram, type WindowSize } from './pty-program.js';
import { endSession, signalSession } from './session-processes.js';

/** The signals that a client may name (RFC 4254, 6.9) and that an exit may be told by. */
const PROTOCOL_SIGNALS = new Set([
  'SIGABRT',
  'SIGALRM',
  'SIGFPE',
  'SIGHUP',
  'SIGILL',
  'SIGINT',
  'SIGKILL',
  'SIGPIPE',
  'SIGQUIT',
  'SIGSEGV',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
]);
const SIGNAL_STATUS = 128;

export interface SessionContext {
  account: Account;
  peer: Peer;
  connection: Socket;
  motdPath: string;
  logger: Logger;
}

/** One session channel: what the client asks for before its program, then the program until its end. */
export class ShellSession {
  readonly #context: SessionContext;
  readonly #requested = new RequestedEnvironment();
  #terminal: { type: string; window: WindowSize } | undefined;
  #program: Program | undefined;

  constructor(session: Session, context: SessionContext) {
    this.#context = context;
    session.on('env', (accept, reject, { key, val }) => {
      answer(this.#requested.set(key, val), accept, reject);
    });
    session.on('pty', (accept, _reject, info) => {
      // The types say "term" is never there; OpenSSH always sends it.
      const { term } = info as { term?: string };
      const type = term !== undefined && /^[\w.+-]{1,64}$/.test(term) ? term : 'xterm';
      this.#terminal = { type, window: boundedWindow(info.cols, info.rows) };
      answer(true, accept, undefined);
    });
    session.on('window-change', (accept, _reject, { cols, rows }) => {
      this.#program?.resize(cols, rows);
      answer(true, accept, undefined);
    });
    session.on('signal', (accept, reject, { name }) => answer(this.#signal(name), accept, reject));
    session.on('shell', accept => this.#open(accept, undefined));
    session.on('exec', (accept, _reject, { command }) => this.#open(accept, command));
    session.on('sftp', (_accept, reject) => answer(false, undefined, reject));
    session.on('subsystem', (_accept, reject, { name }) => {
      context.logger.info({ subsystem: name }, 'subsystem refused');
      answer(false, undefined, reject);
    });
  }

  /** The connection is gone, or the channel: what the session still runs ends. */
  close(): void {
    if (this.#program === undefined) return;
    this.#program.abandon();
    endSession(this.#program.pid);
    this.#program = undefined;
  }

  #open(accept: () => ServerChannel | undefined, command: string | undefined): void {
    // A client that asks for a second program on the same channel gets none: ssh2 then accepts nothing.
    const channel = accept();
    if (channel !== undefined) this.#run(channel, command);
  }

  #run(channel: ServerChannel, command: string | undefined): void {
    channel.on('error', (error: Error) => this.#context.logger.info({ err: error }, 'channel'));
    channel.on('close', () => this.close());
    try {
      this.#program = this.#start(channel, command);
    } catch (error) {
      this.#context.logger.error({ err: error }, 'cannot start the session');
      channel.stderr.write('sshd: cannot start the session\r\n');
      finish(channel, { status: 254 });
      return;
    }
    this.#program.ended.then(
      ending => {
        this.#program = undefined;
        finish(channel, ending);
      },
      error => {
        this.#context.logger.error({ err: error }, 'session');
        this.close();
        finish(channel, { status: 255 });
      },
    );
  }

  #start(channel: ServerChannel, command: string | undefined): Program {
    const { account, peer, connection, motdPath } = this.#context;
    const terminal = this.#terminal;
    const asked = this.#requested.entries;
    const options = { argv: sessionArgv(account, command), folder: folderOf(account) };
    if (terminal === undefined) {
      const environment = loginEnvironment(account, peer, asked);
      return new PipedProgram({ ...options, environment }, channel, connection);
    }
    if (command === undefined) channel.write(messageOfTheDay(motdPath, account));
    const environment = loginEnvironment(account, peer, asked, terminal.type);
    const { window } = terminal;
    return new PtyProgram({ ...options, environment, window, ownerUid: account.uid }, channel, connection);
  }

  #signal(name: string): boolean {
    const signal = `SIG${name}`;
    if (this.#program === undefined || !isSignal(signal)) return false;
    return signalSession(this.#program.pid, signal) > 0;
  }
}

function isLinuxSignal(name: string): name is NodeJS.Signals {
  return name in constants.signals;
}

function isSignal(name: string): name is NodeJS.Signals {
  return PROTOCOL_SIGNALS.has(name);
}

function answer(yes: boolean, accept: (() => unknown) | undefined, reject: (() => void) | undefined): void {
  // Both are absent when the client wants no reply.
  if (yes) accept?.();
  else reject?.();
}

function finish(channel: ServerChannel, ending: Ending): void {
  // Standard error has a queue of its own; closing the channel would cut it off.
  channel.stderr.end(() => {
    if ('status' in ending) channel.exit(ending.status);
    else if (PROTOCOL_SIGNALS.has(ending.signal)) channel.exit(ending.signal, ending.coreDumped, '');
    else channel.exit(SIGNAL_STATUS + (isLinuxSignal(ending.signal) ? constants.signals[ending.signal] : 0));
    channel.end();
  });
}

function folderOf(account: Account): string {
  return statSync(account.home, { throwIfNoEntry: false })?.isDirectory() === true ? account.home : '/';
}

function messageOfTheDay(path: string, account: Account): string {
  if (statSync(`${account.home}/.hushlogin`, { throwIfNoEntry: false }) !== undefined) return '';
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return '';
  return (readPlainFile(path) ?? '').slice(0, 16384).replaceAll('\n', '\r\n');
}
