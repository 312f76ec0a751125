import type { Account } from '../../lib/auth/index.js';
import { matchesPattern } from './config/pattern.js';

const MAX_VARIABLES = 32;
const MAX_VALUE = 256;

/** What the client asked to be set; only names of AcceptEnv are taken. */
export class RequestedEnvironment {
  readonly #accepted: readonly string[];
  readonly #values = new Map<string, string>();

  /** @param accepted patterns of names */
  constructor(accepted: readonly string[]) {
    this.#accepted = accepted;
  }

  /** @returns whether the variable was taken */
  set(name: string, value: string): boolean {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name) || value.includes('\0')) return false;
    if (value.length > MAX_VALUE || this.#values.size >= MAX_VARIABLES) return false;
    if (!this.#accepted.some(pattern => matchesPattern(name, pattern))) return false;
    this.#values.set(name, value);
    return true;
  }

  get entries(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#values);
  }
}

export interface Peer {
  address: string;
  port: number;
  localAddress: string;
  localPort: number;
}

const PATH_OF_ROOT = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const PATH_OF_OTHERS = '/usr/local/bin:/usr/bin:/bin';

export interface Asked {
  readonly variables: Readonly<Record<string, string>>;
  readonly terminalType?: string;
  /** What the client wanted run where its key runs something else. */
  readonly originalCommand?: string;
}

/** The environment a session starts with; the login shell's profile completes it. */
export function loginEnvironment(account: Account, peer: Peer, asked: Asked): Record<string, string> {
  const { variables, terminalType, originalCommand } = asked;
  return {
    LANG: 'C.UTF-8',
    ...variables,
    USER: account.name,
    LOGNAME: account.name,
    HOME: account.home,
    SHELL: account.shell,
    MAIL: `/var/spool/mail/${account.name}`,
    PATH: account.uid === 0 ? PATH_OF_ROOT : PATH_OF_OTHERS,
    SSH_CLIENT: `${peer.address} ${peer.port} ${peer.localPort}`,
    SSH_CONNECTION: `${peer.address} ${peer.port} ${peer.localAddress} ${peer.localPort}`,
    ...(originalCommand === undefined ? {} : { SSH_ORIGINAL_COMMAND: originalCommand }),
    ...(terminalType === undefined ? {} : { TERM: terminalType }),
  };
}

/** The program that a session runs, as the account: a login shell, or the shell with the client's command. */
export function sessionArgv(account: Account, command: string | undefined): [string, ...string[]] {
  const shell: [string, ...string[]] =
    command === undefined ? [account.shell, '-l'] : [account.shell, '-c', command];
  if (account.uid === 0) return shell;
  const identity = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--init-groups'];
  return ['/usr/bin/setpriv', ...identity, '--', ...shell];
}
