import {
  type DynamicProperty,
  type MissingProperty,
  type PropertySpec,
  type TypedValue,
  type VimSchema,
  versionIndex,
} from '../../vim/index.js';
import type { ManagedObject, ReadContext } from '../object/managed-object.js';
import { invalidArgument, invalidProperty, VimFault } from '../object/vim-fault.js';
import { readProperty } from './read-property.js';
import { firstName } from './selection.js';

/** What a set of property specs asks of one object: values that are set, and what could not be read. */
export interface PropertyValues {
  readonly values: ReadonlyMap<string, TypedValue>;
  readonly missing: readonly MissingProperty[];
}

/** Whether some spec is for this type; only then is the object reported. */
export function isAskedFor(
  schema: VimSchema,
  object: ManagedObject,
  propSet: readonly PropertySpec[],
): boolean {
  return propSet.some(spec => schema.isA(object.objectClass.typeName, spec.type));
}

/**
 * Paths that the specs ask of the object's type. `all` means every property that is built.
 * @throws VimFault InvalidProperty for a spec whose type has no such property
 */
export function askedPaths(
  schema: VimSchema,
  object: ManagedObject,
  propSet: readonly PropertySpec[],
  context: ReadContext,
): string[] {
  const paths = new Set<string>();
  for (const spec of propSet) {
    if (!schema.isA(object.objectClass.typeName, spec.type)) continue;
    const asked = spec.all === true ? builtProperties(schema, object, context) : (spec.pathSet ?? []);
    for (const path of asked) paths.add(path);
  }
  return [...paths];
}

function builtProperties(schema: VimSchema, object: ManagedObject, context: ReadContext): string[] {
  const { typeName, properties } = object.objectClass;
  const known = schema.fields(typeName).filter(field => field.since <= versionIndex(context.version));
  return known.map(field => field.name).filter(name => properties.has(name));
}

export function readProperties(
  schema: VimSchema,
  object: ManagedObject,
  paths: readonly string[],
  context: ReadContext,
): PropertyValues {
  const values = new Map<string, TypedValue>();
  const missing: MissingProperty[] = [];
  for (const path of paths) {
    try {
      const value = readProperty(schema, object, path, context);
      if (value !== undefined) values.set(path, value);
    } catch (error) {
      missing.push(missingProperty(path, error));
    }
  }
  return { values, missing };
}

/** A property that does not exist fails the call; one that cannot be read is reported beside the others. */
function missingProperty(path: string, error: unknown): MissingProperty {
  if (!(error instanceof VimFault) || error.detail._type === 'InvalidProperty') throw error;
  return { path, fault: { fault: error.detail, localizedMessage: error.message } };
}

/** @throws VimFault InvalidProperty when a spec names a type or a first-level property that does not exist */
export function checkPropertySpecs(
  schema: VimSchema,
  propSet: readonly PropertySpec[],
  context: ReadContext,
): void {
  for (const spec of propSet) {
    if (!schema.isManaged(spec.type)) throw invalidArgument('propSet.type');
    for (const path of spec.pathSet ?? []) {
      const field = schema.field(spec.type, firstName(path));
      if (field === undefined || field.since > versionIndex(context.version)) throw invalidProperty(path);
    }
  }
}

export function dynamicProperties(values: ReadonlyMap<string, TypedValue>): DynamicProperty[] {
  return [...values].map(([name, val]) => ({ name, val }));
}
