import { matchesAddressList } from '../config/pattern.js';

/** What the options of a line of authorized_keys allow its sessions, and when the key counts. */
export interface KeyOptions {
  /** Runs in place of what the client asks for. */
  readonly command?: string;
  readonly pty: boolean;
  readonly portForwarding: boolean;
  /** Addresses the client must come from. */
  readonly from?: string;
  /** The key does not count from then on. */
  readonly expiresMs?: number;
}

export const NO_OPTIONS: KeyOptions = { pty: true, portForwarding: true };

type Draft = { -readonly [K in keyof KeyOptions]: KeyOptions[K] };

/** @returns what is wrong with the option, or nothing */
type Option = (draft: Draft, value: string | undefined) => string | undefined;

function flag(set: (draft: Draft) => void): Option {
  return (draft, value) => {
    if (value !== undefined) return 'takes no value';
    set(draft);
    return undefined;
  };
}

/** For what is refused or ignored anyway. */
const nothing = (): undefined => undefined;

const OPTIONS: Readonly<Record<string, Option>> = {
  restrict: flag(draft => Object.assign(draft, { pty: false, portForwarding: false })),
  pty: flag(draft => Object.assign(draft, { pty: true })),
  'no-pty': flag(draft => Object.assign(draft, { pty: false })),
  'port-forwarding': flag(draft => Object.assign(draft, { portForwarding: true })),
  'no-port-forwarding': flag(draft => Object.assign(draft, { portForwarding: false })),
  command: (draft, value) => {
    if (value === undefined || draft.command !== undefined) return 'needs one value, once';
    draft.command = value;
    return undefined;
  },
  from: (draft, value) => {
    if (value === undefined || draft.from !== undefined) return 'needs one value, once';
    draft.from = value;
    return undefined;
  },
  'expiry-time': (draft, value) => {
    const atMs = expiryOf(value ?? '');
    if (atMs === undefined) return 'is no time';
    draft.expiresMs = Math.min(atMs, draft.expiresMs ?? Number.POSITIVE_INFINITY);
    return undefined;
  },
  'agent-forwarding': nothing,
  'no-agent-forwarding': nothing,
  'x11-forwarding': nothing,
  'no-x11-forwarding': nothing,
  'user-rc': nothing,
  'no-user-rc': nothing,
  // As with PermitUserEnvironment no, OpenSSH's default.
  environment: nothing,
};

/**
 * Reads the options of sshd(8), AUTHORIZED_KEYS FILE FORMAT.
 *
 * @returns a text when one is not understood or not to be had here (permitopen, tunnel, cert-authority …): such a
 * line lets nobody in, because an option mostly limits
 */
export function parseKeyOptions(text: string): KeyOptions | string {
  const draft: Draft = { ...NO_OPTIONS };
  for (const { name, value } of optionsOf(text)) {
    const option = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
    const problem = option === undefined ? 'is not understood' : option(draft, value);
    if (problem !== undefined) return `option ${name.slice(0, 32)} ${problem}`;
  }
  return draft;
}

/** Whether a key with these options counts for a client at this address now; a text says why not. */
export function refusalOf(options: KeyOptions, address: string, nowMs: number): string | undefined {
  if (options.from !== undefined && !matchesAddressList(address, options.from))
    return `the key may not be used from ${address}`;
  if (options.expiresMs !== undefined && nowMs >= options.expiresMs) return 'the key has expired';
  return undefined;
}

/** `name` or `name="value"` with `\"` in it, apart by commas. A text that is none gives a name that is none. */
function optionsOf(text: string): { name: string; value: string | undefined }[] {
  const found: { name: string; value: string | undefined }[] = [];
  let rest = text;
  while (rest !== '') {
    const match = /^([\w-]+)(?:="((?:\\.|[^"\\])*)")?(?:,(?=.)|$)/.exec(rest);
    if (match === null) return [...found, { name: rest, value: undefined }];
    const [all, name = '', value] = match;
    found.push({ name: name.toLowerCase(), value: value?.replaceAll('\\"', '"') });
    rest = rest.slice(all.length);
  }
  return found;
}

/** YYYYMMDD or YYYYMMDDHHMM[SS], in UTC with a Z at the end and else in local time. */
function expiryOf(value: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)$/i.exec(value);
  if (match === null) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', zone = ''] = match;
  const atMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone.toUpperCase()}`);
  return Number.isNaN(atMs) ? undefined : atMs;
}
