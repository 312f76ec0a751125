import { DEFAULT_CONFIG, type RootLogin, type ServerConfig } from './server-config.js';

export interface ParsedConfig {
  readonly config: ServerConfig;
  /** Lines that are not understood, for the log. */
  readonly problems: readonly string[];
}

type Draft = { -readonly [K in keyof ServerConfig]?: ServerConfig[K] };

/** A line's arguments into the draft. @returns what is wrong with them */
type Keyword = (draft: Draft, args: readonly string[]) => string | undefined;

const MAX_PROBLEMS = 20;
const YES = ['yes', 'true'];

/** As in OpenSSH the first line of a keyword counts; what is neither yes nor no counts as no: the stricter. */
function yesOrNo(key: KeysOf<boolean>): Keyword {
  return (draft, [value = '']) => {
    const word = value.toLowerCase();
    draft[key] ??= YES.includes(word);
    return [...YES, 'no', 'false'].includes(word)
      ? undefined
      : `"${value}" is neither yes nor no: taken as no`;
  };
}

function whole(key: KeysOf<number>, least: number, most: number): Keyword {
  return (draft, [value = '']) => {
    const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= least && number <= most)) return `"${value}" is no number from ${least} to ${most}`;
    draft[key] ??= number;
    return undefined;
  };
}

function list(key: KeysOf<readonly string[]>, accumulates: boolean): Keyword {
  return (draft, values) => {
    if (values.length === 0) return 'a value is missing';
    if (draft[key] === undefined) draft[key] = [...values];
    else if (accumulates) draft[key] = [...draft[key], ...values];
    return undefined;
  };
}

/** What a build of this kind never has: set to anything but no, it is said. */
function refused(what: string): Keyword {
  return (_draft, [value = '']) =>
    value.toLowerCase() === 'no' ? undefined : `${what} is not to be had here`;
}

const KEYWORDS: Readonly<Record<string, Keyword>> = {
  permitrootlogin: rootLogin,
  passwordauthentication: yesOrNo('passwordAuthentication'),
  kbdinteractiveauthentication: yesOrNo('keyboardInteractiveAuthentication'),
  challengeresponseauthentication: yesOrNo('keyboardInteractiveAuthentication'),
  pubkeyauthentication: yesOrNo('pubkeyAuthentication'),
  strictmodes: yesOrNo('strictModes'),
  authorizedkeysfile: list('authorizedKeysFiles', false),
  maxauthtries: whole('maxAuthTries', 1, 100),
  maxsessions: whole('maxSessions', 0, 256),
  allowusers: list('allowUsers', true),
  denyusers: list('denyUsers', true),
  allowgroups: list('allowGroups', true),
  denygroups: list('denyGroups', true),
  allowtcpforwarding: tcpForwarding,
  banner: (draft, [path = 'none']) => {
    if (!('banner' in draft)) draft.banner = path.toLowerCase() === 'none' ? undefined : path;
    return undefined;
  },
  printmotd: yesOrNo('printMotd'),
  printlastlog: yesOrNo('printLastLog'),
  clientaliveinterval: duration,
  clientalivecountmax: whole('clientAliveCountMax', 0, 1000),
  acceptenv: list('acceptEnv', true),
  subsystem,
  x11forwarding: refused('X11 forwarding'),
  allowagentforwarding: refused('agent forwarding'),
  permittunnel: refused('a tunnel'),
  gatewayports: refused('a gateway port'),
  permitemptypasswords: refused('a login without a password'),
  permituserenvironment: refused("a user's environment file"),
  // What is so anyway, as the product's own file has it.
  protocol: (_draft, [version]) => (version === '2' ? undefined : 'protocol 1 is not to be had'),
  syslogfacility: () => undefined,
  loglevel: () => undefined,
  usepam: () => undefined,
};

/** Reads sshd_config(5). It never fails: a line that is wrong is passed over and told. */
export function parseConfig(text: string): ParsedConfig {
  const draft: Draft = {};
  const problems: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const [name, ...args] = wordsOf(line);
    if (name === undefined) continue;
    const key = name.toLowerCase();
    if (key === 'match') {
      problems.push(`line ${index + 1}: Match is not understood: what follows it is not read`);
      break;
    }
    const keyword = Object.hasOwn(KEYWORDS, key) ? KEYWORDS[key] : undefined;
    const problem = keyword === undefined ? 'not understood' : keyword(draft, args);
    if (problem !== undefined)
      problems.push(`line ${index + 1}: ${name.slice(0, 64)}: ${problem.slice(0, 200)}`);
  }
  return { config: { ...DEFAULT_CONFIG, ...draft }, problems: problems.slice(0, MAX_PROBLEMS) };
}

/** Words apart by blanks, or `Keyword=value`; quotes hold blanks together; `#` at a word's start ends the line. */
function wordsOf(line: string): string[] {
  const found = line.replace(/^(\s*\w+)\s*=\s*/, '$1 ').matchAll(/"([^"]*)"|(\S+)/g);
  const words: string[] = [];
  for (const [whole_, quoted, bare] of found) {
    if (whole_.startsWith('#')) break;
    words.push(quoted ?? bare ?? '');
  }
  return words;
}

function rootLogin(draft: Draft, [value = '']: readonly string[]): string | undefined {
  const words: Readonly<Record<string, RootLogin>> = {
    yes: 'yes',
    no: 'no',
    'prohibit-password': 'prohibit-password',
    'without-password': 'prohibit-password',
  };
  const word = words[value.toLowerCase()];
  draft.permitRootLogin ??= word ?? 'no';
  return word === undefined ? `"${value}" is not understood: taken as no` : undefined;
}

function tcpForwarding(draft: Draft, [value = '']: readonly string[]): string | undefined {
  const word = value.toLowerCase();
  draft.allowTcpForwarding ??= word === 'yes' || word === 'local';
  return ['yes', 'local', 'no'].includes(word) ? undefined : `"${value}" is not understood: taken as no`;
}

/** Seconds, or with s, m, h, d, w as in TIME FORMATS of sshd_config(5). */
function duration(draft: Draft, [value = '']: readonly string[]): string | undefined {
  const units: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  const [, amount, unit = ''] = /^(\d{1,6})([smhdw]?)$/i.exec(value) ?? [];
  if (amount === undefined) return `"${value}" is no time`;
  draft.clientAliveIntervalMs ??= Math.min(Number(amount) * (units[unit.toLowerCase()] ?? 1), 86_400) * 1000;
  return undefined;
}

function subsystem(draft: Draft, [name, ...command]: readonly string[]): string | undefined {
  if (name === undefined || command.length === 0) return 'a name and a command are needed';
  const known = draft.subsystems ?? new Map<string, string>();
  if (known.has(name)) return `${name} is there already`;
  draft.subsystems = new Map([...known, [name, command.join(' ')]]);
  return undefined;
}

type KeysOf<T> = { [K in keyof ServerConfig]: ServerConfig[K] extends T ? K : never }[keyof ServerConfig];
