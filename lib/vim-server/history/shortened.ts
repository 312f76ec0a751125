import { ManagedObjectReference, TypedValue } from '../../vim/index.js';

/** Characters of one text, and members of all lists together, that history keeps of what a client said. */
const maxTextLength = 4096;
const maxMembers = 1024;

interface Room {
  members: number;
  characters: number;
}

/**
 * A value as history keeps it: a request may be megabytes long, and what is kept of it is read again by everybody who
 * looks at the past. Of the usual ones nothing is cut.
 */
export function shortened<T>(value: T): T {
  return shorten(value, { members: maxMembers, characters: 16 * maxTextLength }) as T;
}

function shorten(value: unknown, room: Room): unknown {
  if (typeof value === 'string') return shortText(value, room);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (value instanceof Uint8Array) return value.slice(0, maxTextLength);
  if (value instanceof ManagedObjectReference) {
    return new ManagedObjectReference(shortText(value.type, room), shortText(value.value, room));
  }
  if (value instanceof TypedValue) return new TypedValue(value.type, value.array, shorten(value.value, room));
  if (Array.isArray(value)) return shortList(value, room);
  return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, shorten(inner, room)]));
}

function shortList(list: readonly unknown[], room: Room): unknown[] {
  const kept: unknown[] = [];
  for (const member of list) {
    if (room.members <= 0 || room.characters <= 0) break;
    room.members -= 1;
    kept.push(shorten(member, room));
  }
  return kept;
}

/** No name of an enumeration is near as long as what is cut. */
function shortText(text: string, room: Room): string {
  const length = Math.min(maxTextLength, Math.max(room.characters, 256));
  room.characters -= Math.min(text.length, length);
  if (text.length <= length) return text;
  // Made anew: a slice would keep the whole request in memory.
  return Buffer.from(text.slice(0, length)).toString();
}
