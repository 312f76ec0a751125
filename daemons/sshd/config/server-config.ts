/** Whom root may be: anybody with root's password or key, only with a key, or nobody. */
export type RootLogin = 'yes' | 'prohibit-password' | 'no';

/** What sshd_config(5) sets here; the rest of its keywords are not taken. */
export interface ServerConfig {
  readonly permitRootLogin: RootLogin;
  readonly passwordAuthentication: boolean;
  readonly keyboardInteractiveAuthentication: boolean;
  readonly pubkeyAuthentication: boolean;
  readonly strictModes: boolean;
  /** `%h`, `%u` and `%%` stand for home, user and `%`; relative to the home. */
  readonly authorizedKeysFiles: readonly string[];
  readonly maxAuthTries: number;
  readonly maxSessions: number;
  readonly allowUsers: readonly string[];
  readonly denyUsers: readonly string[];
  readonly allowGroups: readonly string[];
  readonly denyGroups: readonly string[];
  readonly allowTcpForwarding: boolean;
  /** A file shown before the login. */
  readonly banner: string | undefined;
  readonly printMotd: boolean;
  readonly printLastLog: boolean;
  /** 0: never asks whether the client is there. */
  readonly clientAliveIntervalMs: number;
  readonly clientAliveCountMax: number;
  /** Patterns of the variables that a client may set. */
  readonly acceptEnv: readonly string[];
  /** Command by name. */
  readonly subsystems: ReadonlyMap<string, string>;
}

/** Where the file says nothing. */
export const DEFAULT_CONFIG: ServerConfig = {
  permitRootLogin: 'yes',
  passwordAuthentication: true,
  keyboardInteractiveAuthentication: true,
  pubkeyAuthentication: true,
  strictModes: true,
  authorizedKeysFiles: ['.ssh/authorized_keys', '.ssh/authorized_keys2'],
  maxAuthTries: 6,
  maxSessions: 64,
  allowUsers: [],
  denyUsers: [],
  allowGroups: [],
  denyGroups: [],
  allowTcpForwarding: false,
  banner: undefined,
  printMotd: true,
  printLastLog: true,
  clientAliveIntervalMs: 15_000,
  clientAliveCountMax: 3,
  acceptEnv: ['LANG', 'LANGUAGE', 'LC_*'],
  subsystems: new Map(),
};
