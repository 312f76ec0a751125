import { type Charset, unescapeValue } from './encoding.js';
import { VmxError } from './errors.js';

export interface Assignment {
  /** The key in the case it was written in. */
  readonly key: string;
  readonly value: string;
}

const KEY = /^[^\s="#|]+$/;

/** Parses one line without its end: an assignment, or undefined for a blank line or a comment. */
export function parseLine(text: string, set: Charset, line: number): Assignment | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.startsWith('#')) return undefined;
  const equals = trimmed.indexOf('=');
  if (equals < 0) throw new VmxError('NotAnAssignment', line);
  const key = trimmed.slice(0, equals).trim();
  if (!KEY.test(key)) throw new VmxError('BadKey', line, key.slice(0, 80));
  return { key, value: unescapeValue(rawValue(trimmed.slice(equals + 1).trim(), line, key), set, line) };
}

function rawValue(text: string, line: number, key: string): string {
  if (!text.startsWith('"')) {
    const bare = text.split('#', 1)[0]?.trim() ?? '';
    if (bare.includes('"')) throw new VmxError('StrayQuote', line, key);
    return bare;
  }
  const end = text.indexOf('"', 1);
  if (end < 0) throw new VmxError('UnterminatedQuote', line, key);
  const rest = text.slice(end + 1).trim();
  if (rest !== '' && !rest.startsWith('#')) throw new VmxError('TrailingText', line, key);
  return text.slice(1, end);
}
