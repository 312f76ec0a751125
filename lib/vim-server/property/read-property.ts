import {
  type FieldDefinition,
  ManagedObjectReference,
  TypedValue,
  typeNameOf,
  untyped,
  type VimSchema,
  versionIndex,
} from '../../vim/index.js';
import type { ManagedObject, ReadContext } from '../object/managed-object.js';
import { invalidProperty, notSupported } from '../object/vim-fault.js';
import { type PathStep, parsePropertyPath } from './property-path.js';

/** A property path as one type has it, so that many objects of the type are read without looking it up again. */
export interface ResolvedPath {
  readonly text: string;
  readonly first: PathStep;
  readonly rest: readonly PathStep[];
  readonly field: FieldDefinition;
}

/** @throws VimFault InvalidProperty when objects of the type can have nothing at the path in this version */
export function resolvePath(
  schema: VimSchema,
  typeName: string,
  text: string,
  context: ReadContext,
): ResolvedPath {
  const [first, ...rest] = parsePropertyPath(text);
  const field = first === undefined ? undefined : schema.field(typeName, first.name);
  if (first === undefined || field === undefined || field.since > versionIndex(context.version)) {
    throw invalidProperty(text);
  }
  checkSteps(schema, field, { first, rest, text });
  return { text, first, rest, field };
}

/** Follows the declared types as far as they tell; a subtype may have more fields. */
function checkSteps(
  schema: VimSchema,
  field: FieldDefinition,
  { first, rest, text }: { first: PathStep; rest: readonly PathStep[]; text: string },
): void {
  let at = field;
  let { key } = first;
  if (key !== undefined && !at.array) throw invalidProperty(text);
  for (const step of rest) {
    if (at.array && key === undefined) throw invalidProperty(text);
    if (schema.isManaged(at.type)) throw invalidProperty(text);
    const next = schema.field(at.type, step.name);
    if (next === undefined && (at.type === 'anyType' || schema.hasSubtypes(at.type))) return;
    if (next === undefined || (step.key !== undefined && !next.array)) throw invalidProperty(text);
    at = next;
    key = step.key;
  }
}

/** What the path's value is part of: the array of a member, the object of a field. */
export function parentPath(path: ResolvedPath): ResolvedPath | undefined {
  const { first, rest } = path;
  const last = rest.at(-1) ?? first;
  if (last.key === undefined) return rest.length === 0 ? undefined : { ...path, rest: rest.slice(0, -1) };
  const array = { ...last, key: undefined };
  if (rest.length === 0) return { ...path, first: array };
  return { ...path, rest: [...rest.slice(0, -1), array] };
}

/**
 * The value at a path of an object with its declared type; undefined when it is unset.
 * @throws VimFault InvalidProperty when the type has no such property, NotSupported when it is not built,
 *   NoPermission and NotAuthenticated when the session may not read it
 */
export function readProperty(
  schema: VimSchema,
  object: ManagedObject,
  path: string,
  context: ReadContext,
): TypedValue | undefined {
  return readResolved(
    schema,
    object,
    resolvePath(schema, object.objectClass.typeName, path, context),
    context,
  );
}

/** @throws VimFault as readProperty does */
export function readResolved(
  schema: VimSchema,
  object: ManagedObject,
  { text, first, rest, field }: ResolvedPath,
  context: ReadContext,
): TypedValue | undefined {
  const value = withoutHidden(schema, field, readFirst(object, field, context), context);
  let at = stepInto(value, field, first, text);
  for (const step of rest) {
    const next = fieldOf(schema, at, step, text);
    if (next === undefined) return undefined;
    at = stepInto(fieldValue(at.value, step.name), next, step, text);
  }
  return at.value === undefined ? undefined : new TypedValue(at.type, at.array, at.value);
}

interface Place {
  readonly type: string;
  readonly array: boolean;
  readonly value: unknown;
}

function readFirst(object: ManagedObject, field: FieldDefinition, context: ReadContext): unknown {
  context.session?.checkRead(object, field.name);
  const reader = object.objectClass.properties.get(field.name);
  if (reader !== undefined) return reader(object, context) ?? undefined;
  if (field.optional || field.array) return undefined;
  throw notSupported();
}

/** What a session may not see is in no list of references that it reads. */
function withoutHidden(
  schema: VimSchema,
  { type, array }: FieldDefinition,
  value: unknown,
  { session }: ReadContext,
): unknown {
  if (session === undefined || !array || !Array.isArray(value) || !schema.isManaged(type)) return value;
  return session.visible(value);
}

function stepInto(value: unknown, field: FieldDefinition, step: PathStep, path: string): Place {
  if (step.key === undefined) return { type: field.type, array: field.array, value: value ?? undefined };
  if (!field.array) throw invalidProperty(path);
  return { type: field.type, array: false, value: memberWithKey(value, step.key) };
}

function memberWithKey(value: unknown, key: string | number): unknown {
  if (!Array.isArray(value)) return undefined;
  return value.find(member => {
    if (member instanceof ManagedObjectReference) return member.value === key;
    if (typeof member !== 'object' || member === null) return member === key;
    return 'key' in member && keyText(member.key) === String(key);
  });
}

function keyText(key: unknown): string {
  return key instanceof ManagedObjectReference ? key.value : String(key);
}

/** The next field by the actual type, or by the declared one; undefined when only a subtype could have it. */
function fieldOf(schema: VimSchema, at: Place, step: PathStep, path: string): FieldDefinition | undefined {
  if (at.array) throw invalidProperty(path);
  const field = schema.field(typeNameOf(untyped(at.value)) ?? at.type, step.name);
  if (field === undefined && !schema.hasSubtypes(at.type)) throw invalidProperty(path);
  return field;
}

function fieldValue(value: unknown, name: string): unknown {
  const plain = untyped(value);
  if (typeof plain !== 'object' || plain === null) return undefined;
  return (plain as Readonly<Record<string, unknown>>)[name];
}
