import { primitiveTypes } from '../schema/definitions.js';
import type { VimSchema } from '../schema/vim-schema.js';

export type SchemaPart = 'core' | 'query' | 'reflect' | 'vim';

const coreRoots = ['DynamicData', 'DynamicProperty', 'MethodFault', 'RuntimeFault', 'LocalizedMethodFault'];

const queryRoots = [
  'PropertyFilterSpec',
  'TraversalSpec',
  'ObjectContent',
  'UpdateSet',
  'WaitOptions',
  'RetrieveOptions',
  'RetrieveResult',
  'InvalidCollectorVersion',
  'InvalidProperty',
];

/** Which file of the WSDL set each data type and enumeration is in, so that files only include downwards. */
export function partitionTypes(schema: VimSchema): ReadonlyMap<string, SchemaPart> {
  const parts = new Map<string, SchemaPart>();
  const take = (name: string, part: SchemaPart): void => {
    if (parts.has(name) || isOutside(schema, name)) return;
    parts.set(name, part);
    for (const field of schema.fields(name)) take(field.type, part);
    const base = schema.baseOf(name);
    if (base !== undefined) take(base, part);
  };
  for (const root of coreRoots) take(root, 'core');
  for (const root of queryRoots) take(root, 'query');
  for (const name of schema.typeNames()) if (name.startsWith('Reflect')) take(name, 'reflect');
  for (const name of schema.typeNames()) take(name, 'vim');
  return parts;
}

/** Primitive and managed types have no type of their own in the files. */
function isOutside(schema: VimSchema, name: string): boolean {
  return (
    name in primitiveTypes || name === 'anyType' || schema.type(name) === undefined || schema.isManaged(name)
  );
}

export function partOfMethod(on: string): SchemaPart {
  if (on === 'PropertyCollector' || on === 'PropertyFilter') return 'query';
  return on.startsWith('Reflect') || on === 'InternalDynamicTypeManager' ? 'reflect' : 'vim';
}
