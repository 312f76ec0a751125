import type { Account } from '../../lib/auth/index.js';

/** What the client asked to be set; only the names an OpenSSH server accepts are taken. */
export class RequestedEnvironment {
  readonly #values = new Map<string, string>();

  /** @returns whether the variable was taken */
  set(name: string, value: string): boolean {
    if (!/^(LANG|LANGUAGE|LC_[A-Z]{1,32})$/.test(name) || value.length > 256 || this.#values.size >= 32)
      return false;
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

/** The environment a session starts with; the login shell's profile completes it. */
export function loginEnvironment(
  account: Account,
  peer: Peer,
  requested: Readonly<Record<string, string>>,
  terminalType?: string,
): Record<string, string> {
  return {
    LANG: 'C.UTF-8',
    ...requested,
    USER: account.name,
    LOGNAME: account.name,
    HOME: account.home,
    SHELL: account.shell,
    MAIL: `/var/spool/mail/${account.name}`,
    PATH: account.uid === 0 ? PATH_OF_ROOT : PATH_OF_OTHERS,
    SSH_CLIENT: `${peer.address} ${peer.port} ${peer.localPort}`,
    SSH_CONNECTION: `${peer.address} ${peer.port} ${peer.localAddress} ${peer.localPort}`,
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
