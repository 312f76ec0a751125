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

/**
 * The value at a path of an object with its declared type; undefined when it is unset.
 * @throws VimFault InvalidProperty when the type has no such property, NotSupported when it is not built
 */
export function readProperty(
  schema: VimSchema,
  object: ManagedObject,
  path: string,
  context: ReadContext,
): TypedValue | undefined {
  const [first, ...rest] = parsePropertyPath(path);
  const field = first === undefined ? undefined : schema.field(object.objectClass.typeName, first.name);
  if (first === undefined || field === undefined || field.since > versionIndex(context.version)) {
    throw invalidProperty(path);
  }
  const value = readFirst(object, field, context);
  let at = stepInto(value, field, first, path);
  for (const step of rest) {
    const next = fieldOf(schema, at, step, path);
    if (next === undefined) return undefined;
    at = stepInto(fieldValue(at.value, step.name), next, step, path);
  }
  return at.value === undefined ? undefined : new TypedValue(at.type, at.array, at.value);
}

interface Place {
  readonly type: string;
  readonly array: boolean;
  readonly value: unknown;
}

function readFirst(object: ManagedObject, field: FieldDefinition, context: ReadContext): unknown {
  const reader = object.objectClass.properties.get(field.name);
  if (reader !== undefined) return reader(object, context) ?? undefined;
  if (field.optional || field.array) return undefined;
  throw notSupported();
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
