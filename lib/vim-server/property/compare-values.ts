import {
  ManagedObjectReference,
  type PropertyChange,
  TypedValue,
  typeNameOf,
  type VimSchema,
} from '../../vim/index.js';

/** Whether two values are the same to a client. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return Number.isNaN(a) && Number.isNaN(b);
  if (a instanceof Date || b instanceof Date) {
    return a instanceof Date && b instanceof Date && a.getTime() === b.getTime();
  }
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((member, index) => sameValue(member, b[index]));
  }
  return sameFields(a, b);
}

function sameFields(a: object, b: object): boolean {
  const left = a as Readonly<Record<string, unknown>>;
  const right = b as Readonly<Record<string, unknown>>;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every(name => sameValue(left[name], right[name]));
}

/**
 * What a filter with partial updates reports between two values of one property: changes of nested fields and
 * of members of keyed arrays by their own paths; the whole where nothing smaller says it.
 */
export function partialChanges(
  schema: VimSchema,
  path: string,
  before: TypedValue,
  after: TypedValue,
): PropertyChange[] {
  if (sameValue(before.value, after.value)) return [];
  if (after.array) return arrayChanges(schema, path, before, after);
  const type = typeNameOf(after.value) ?? after.type;
  const isData = schema.type(type)?.kind === 'data';
  if (!isData || (typeNameOf(before.value) ?? before.type) !== type)
    return [{ name: path, op: 'assign', val: after }];
  const left = before.value as Readonly<Record<string, unknown>>;
  const right = after.value as Readonly<Record<string, unknown>>;
  return schema.fields(type).flatMap(field => {
    const at = `${path}.${field.name}`;
    return fieldChanges(schema, at, typed(field, left[field.name]), typed(field, right[field.name]));
  });
}

function typed(field: { type: string; array: boolean }, value: unknown): TypedValue | undefined {
  if (value === undefined) return undefined;
  return value instanceof TypedValue ? value : new TypedValue(field.type, field.array, value);
}

function fieldChanges(
  schema: VimSchema,
  path: string,
  before?: TypedValue,
  after?: TypedValue,
): PropertyChange[] {
  if (before === undefined && after === undefined) return [];
  if (after === undefined) return [{ name: path, op: 'assign' }];
  if (before === undefined) return [{ name: path, op: 'assign', val: after }];
  return partialChanges(schema, path, before, after);
}

type Keyed = ReadonlyMap<string, unknown>;

function arrayChanges(
  schema: VimSchema,
  path: string,
  before: TypedValue,
  after: TypedValue,
): PropertyChange[] {
  const left = membersByKey(before.value);
  const right = membersByKey(after.value);
  if (left === undefined || right === undefined) return [{ name: path, op: 'assign', val: after }];
  const member = (value: unknown): TypedValue => new TypedValue(after.type, false, value);
  const gone = [...left.keys()].filter(key => !right.has(key));
  const added = [...right].filter(([key]) => !left.has(key));
  const kept = [...right].filter(([key]) => left.has(key));
  return [
    ...gone.map((key): PropertyChange => ({ name: `${path}[${key}]`, op: 'remove' })),
    ...added.map(
      ([key, value]): PropertyChange => ({ name: `${path}[${key}]`, op: 'add', val: member(value) }),
    ),
    ...kept.flatMap(([key, value]) =>
      partialChanges(schema, `${path}[${key}]`, member(left.get(key)), member(value)),
    ),
  ];
}

/** Members by the text of their key as it stands in a path, if each has one of its own. */
function membersByKey(value: unknown): Keyed | undefined {
  if (!Array.isArray(value)) return undefined;
  const members = new Map<string, unknown>();
  for (const member of value) {
    const key = keyOf(member);
    if (key === undefined || members.has(key)) return undefined;
    members.set(key, member);
  }
  return members;
}

function keyOf(member: unknown): string | undefined {
  if (member instanceof ManagedObjectReference) return `"${member.value}"`;
  if (typeof member !== 'object' || member === null || !('key' in member)) return undefined;
  if (typeof member.key === 'number') return String(member.key);
  return typeof member.key === 'string' && !member.key.includes('"') ? `"${member.key}"` : undefined;
}
