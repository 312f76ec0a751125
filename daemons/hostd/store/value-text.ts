import { ManagedObjectReference, TypedValue } from '../../../lib/vim/index.js';

/** What JSON does not have, as an object with this one field: [kind, ...parts]. */
const MARK = '$vim';

/** A value of the VIM API as text: data objects, dates, references, typed and binary values, bigints. */
export function writeValue(value: unknown): string {
  return JSON.stringify(plain(value));
}

/** @throws SyntaxError when the text is none that {@link writeValue} made */
export function readValue(text: string): unknown {
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || !(MARK in value)) return value;
    const marked: unknown = value[MARK];
    if (!Array.isArray(marked)) throw new SyntaxError(`${MARK} is no list`);
    return unmarked(marked);
  });
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return { [MARK]: ['long', String(value)] };
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return { [MARK]: ['date', value.getTime()] };
  if (value instanceof ManagedObjectReference) return { [MARK]: ['ref', value.type, value.value] };
  if (value instanceof TypedValue) return { [MARK]: ['typed', value.type, value.array, plain(value.value)] };
  if (value instanceof Uint8Array) return { [MARK]: ['binary', Buffer.from(value).toString('base64')] };
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, plain(inner)]));
}

function unmarked([kind, ...parts]: readonly unknown[]): unknown {
  switch (kind) {
    case 'long':
      return BigInt(String(parts[0]));
    case 'date':
      return new Date(Number(parts[0]));
    case 'ref':
      return new ManagedObjectReference(String(parts[0]), String(parts[1]));
    case 'typed':
      return new TypedValue(String(parts[0]), parts[1] === true, parts[2]);
    case 'binary':
      return new Uint8Array(Buffer.from(String(parts[0]), 'base64'));
    default:
      throw new SyntaxError(`${MARK} has an unknown kind`);
  }
}
