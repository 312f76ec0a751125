import { statSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { ServerChannel, Session } from 'ssh2';
import type { Account } from '../../lib/auth/index.js';
import type { Logger } from '../../lib/log/index.js';
import type { ServerConfig } from './config/server-config.js';
import { isProtocolSignal, reportEnding } from './exit-report.js';
import { greetingOf } from './greeting.js';
import type { Admission } from './login/client-login.js';
import {
  type Asked,
  loginEnvironment,
  type Peer,
  RequestedEnvironment,
  sessionArgv,
} from './login-environment.js';
import type { LoginRecords } from './login-records/login-records.js';
import { PipedProgram } from './piped-program.js';
import type { Program } from './program.js';
import { boundedWindow, PtyProgram, type WindowSize } from './pty-program.js';
import { endSession, signalSession } from './session-processes.js';

export interface SessionContext {
  readonly admission: Admission;
  readonly config: ServerConfig;
  readonly peer: Peer;
  readonly connection: Socket;
  readonly motdPath: string;
  readonly records: LoginRecords;
  readonly logger: Logger;
}

interface TerminalProgram {
  readonly argv: [string, ...string[]];
  readonly wanted: Asked;
  readonly isShell: boolean;
}

/** One session channel: what the client asks for before its program, then the program until its end. */
export class ShellSession {
  readonly #context: SessionContext;
  readonly #requested: RequestedEnvironment;
  #terminal: { type: string; window: WindowSize } | undefined;
  #channel: ServerChannel | undefined;
  #program: Program | undefined;

  constructor(session: Session, context: SessionContext) {
    this.#context = context;
    this.#requested = new RequestedEnvironment(context.config.acceptEnv);
    session.on('env', (accept, reject, { key, val }) => {
      answer(this.#requested.set(key, val), accept, reject);
    });
    session.on('pty', (accept, reject, info) => {
      // The types say "term" is never there; OpenSSH always sends it.
      const { term } = info as { term?: string };
      const type = term !== undefined && /^[\w.+-]{1,64}$/.test(term) ? term : 'xterm';
      const isAllowed = context.admission.options.pty;
      if (isAllowed) this.#terminal = { type, window: boundedWindow(info.cols, info.rows) };
      answer(isAllowed, accept, reject);
    });
    session.on('window-change', (accept, _reject, { cols, rows }) => {
      this.#program?.resize(cols, rows);
      answer(true, accept, undefined);
    });
    session.on('signal', (accept, reject, { name }) => answer(this.#signal(name), accept, reject));
    session.on('shell', accept => this.#open(accept, undefined));
    session.on('exec', (accept, _reject, { command }) => this.#open(accept, command));
    session.on('subsystem', (accept, reject, { name }) => {
      const command = this.#subsystem(name);
      if (command === undefined) answer(false, undefined, reject);
      else this.#open(accept, command);
    });
  }

  /** What the client has sent and the program has not taken. */
  get unreadBytes(): number {
    return this.#channel?.readableLength ?? 0;
  }

  /** The connection is gone, or the channel: what the session still runs ends. */
  close(): void {
    if (this.#program === undefined) return;
    this.#program.abandon();
    endSession(this.#program.pid);
    this.#program = undefined;
  }

  /** @returns undefined where sshd_config names none, or its program is not there */
  #subsystem(name: string): string | undefined {
    const { config, logger, admission } = this.#context;
    const command = config.subsystems.get(name);
    const [program = ''] = command?.split(' ') ?? [];
    const isThere = program !== '' && statSync(program, { throwIfNoEntry: false })?.isFile() === true;
    const about = `subsystem request for ${name.slice(0, 64)} by user ${admission.account.name}`;
    if (isThere) logger.info(about);
    else logger.warn(`${about} failed, ${program === '' ? 'subsystem not found' : `there is no ${program}`}`);
    return isThere ? command : undefined;
  }

  #open(accept: () => ServerChannel | undefined, command: string | undefined): void {
    // A client that asks for a second program on the same channel gets none: ssh2 then accepts nothing.
    const channel = accept();
    if (channel !== undefined) this.#run(channel, command);
  }

  #run(channel: ServerChannel, command: string | undefined): void {
    const { logger } = this.#context;
    this.#channel = channel;
    channel.on('error', (error: Error) => logger.info({ err: error }, 'channel'));
    channel.on('close', () => this.close());
    try {
      this.#program = this.#start(channel, command);
    } catch (error) {
      logger.error({ err: error }, 'cannot start the session');
      channel.stderr.write('sshd: cannot start the session\r\n');
      reportEnding(channel, { status: 254 });
      return;
    }
    this.#program.ended.then(
      ending => {
        this.#program = undefined;
        reportEnding(channel, ending);
      },
      error => {
        logger.error({ err: error }, 'session');
        this.close();
        reportEnding(channel, { status: 255 });
      },
    );
  }

  #start(channel: ServerChannel, asked: string | undefined): Program {
    const { account, options } = this.#context.admission;
    const command = options.command ?? asked;
    const argv = sessionArgv(account, command);
    const wanted: Asked = {
      variables: this.#requested.entries,
      ...(options.command === undefined || asked === undefined ? {} : { originalCommand: asked }),
    };
    if (this.#terminal !== undefined)
      return this.#startOnTerminal(channel, { argv, wanted, isShell: command === undefined });
    const { peer, connection } = this.#context;
    const environment = loginEnvironment(account, peer, wanted);
    return new PipedProgram({ argv, folder: folderOf(account), environment }, channel, connection);
  }

  #startOnTerminal(channel: ServerChannel, { argv, wanted, isShell }: TerminalProgram): Program {
    const { peer, connection, records, config, motdPath, admission } = this.#context;
    const { account } = admission;
    const { type, window } = this.#terminal ?? { type: 'xterm', window: boundedWindow(80, 24) };
    const environment = loginEnvironment(account, peer, { ...wanted, terminalType: type });
    const options = { argv, folder: folderOf(account), environment, window, ownerUid: account.uid };
    const program = new PtyProgram(options, channel, connection);
    const login = { account, pid: program.pid, line: program.line, address: peer.address };
    const lastLogin = records.begin(login);
    program.ended.then(
      () => records.end(login),
      () => records.end(login),
    );
    if (isShell)
      channel.write(
        greetingOf(account, {
          motdPath: config.printMotd ? motdPath : undefined,
          lastLogin: config.printLastLog ? lastLogin : undefined,
        }),
      );
    return program;
  }

  #signal(name: string): boolean {
    const signal = `SIG${name}`;
    if (this.#program === undefined || !isProtocolSignal(signal)) return false;
    return signalSession(this.#program.pid, signal) > 0;
  }
}

function answer(yes: boolean, accept: (() => unknown) | undefined, reject: (() => void) | undefined): void {
  // Both are absent when the client wants no reply.
  if (yes) accept?.();
  else reject?.();
}

function folderOf(account: Account): string {
  return statSync(account.home, { throwIfNoEntry: false })?.isDirectory() === true ? account.home : '/';
}
