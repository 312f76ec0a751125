import { type KeyOptions, NO_OPTIONS, parseKeyOptions } from './key-options.js';

/** Types a signature can be checked of; ssh-dss is refused as OpenSSH refuses it. */
export const KEY_TYPES: readonly string[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
];

/** A line that lets `key` in. */
export interface AuthorizedKey {
  readonly options: KeyOptions;
  readonly comment: string;
  /** From 1. */
  readonly line: number;
}

export type KeySearch =
  | { readonly kind: 'found'; readonly authorized: AuthorizedKey }
  /** The key is there, in a line with options that are not to be had. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'absent' };

/**
 * Looks for a key in the text of an authorized_keys file, sshd(8). Nothing in the text is decoded: a key is in a line
 * when its type and its base64 are.
 *
 * @param type as in KEY_TYPES
 * @param blob the key as RFC 4253, 6.6 has it
 */
export function findAuthorizedKey(text: string, type: string, blob: Buffer): KeySearch {
  const wanted = blob.toString('base64').replace(/=+$/, '');
  let refusal: string | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    if (!line.includes(wanted)) continue;
    const parts = partsOf(line);
    if (parts === undefined || parts.type !== type || parts.key.replace(/=+$/, '') !== wanted) continue;
    const options = parts.options === '' ? NO_OPTIONS : parseKeyOptions(parts.options);
    // A later line may hold the same key and say it well.
    if (typeof options === 'string') refusal ??= `line ${index + 1}: ${options}`;
    else return { kind: 'found', authorized: { options, comment: parts.comment, line: index + 1 } };
  }
  return refusal === undefined ? { kind: 'absent' } : { kind: 'refused', reason: refusal };
}

interface Parts {
  readonly options: string;
  readonly type: string;
  readonly key: string;
  readonly comment: string;
}

function partsOf(line: string): Parts | undefined {
  const text = line.trim();
  if (text.startsWith('#')) return undefined;
  const bare = /^(\S+)\s+([A-Za-z0-9+/]+=*)(?:\s+(.*))?$/.exec(text);
  if (bare !== null && KEY_TYPES.includes(bare[1] ?? ''))
    return { options: '', type: bare[1] ?? '', key: bare[2] ?? '', comment: bare[3] ?? '' };
  const optionsEnd = endOfOptions(text);
  const rest = /^(\S+)\s+([A-Za-z0-9+/]+=*)(?:\s+(.*))?$/.exec(text.slice(optionsEnd).trim());
  if (rest === null || optionsEnd === 0) return undefined;
  const [, type = '', key = '', comment = ''] = rest;
  return { options: text.slice(0, optionsEnd), type, key, comment };
}

/** The first blank outside of quotes. */
function endOfOptions(text: string): number {
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\' && text[at + 1] === '"') at++;
    else if (text[at] === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (text[at] === ' ' || text[at] === '\t')) return at;
  }
  return 0;
}
