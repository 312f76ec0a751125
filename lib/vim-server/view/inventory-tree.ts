import { newestVersion, type VimSchema } from '../../vim/index.js';
import type { ManagedObject } from '../object/managed-object.js';
import { Selection, type SelectionScope } from '../property/selection.js';
import type { Traversal } from '../property/traversal.js';

/** Which properties lead from an entity to those below it. A virtual machine is below its folder, host and pool. */
const downwards: readonly (readonly [type: string, property: string])[] = [
  ['Folder', 'childEntity'],
  ['Datacenter', 'vmFolder'],
  ['Datacenter', 'hostFolder'],
  ['Datacenter', 'datastoreFolder'],
  ['Datacenter', 'networkFolder'],
  ['ComputeResource', 'host'],
  ['ComputeResource', 'resourcePool'],
  ['ResourcePool', 'resourcePool'],
  ['ResourcePool', 'vm'],
  ['HostSystem', 'vm'],
];

/** Steps from a container down the inventory, one level or all. */
export function downwardTraversals(isRecursive: boolean): Traversal[] {
  const all: Traversal[] = [];
  const next = isRecursive ? all : [];
  for (const [type, property] of downwards) all.push({ type, path: property, property, skip: false, next });
  return all;
}

export function isContainer(schema: VimSchema, { objectClass }: ManagedObject): boolean {
  return downwards.some(([type]) => schema.isA(objectClass.typeName, type));
}

/** The inventory as the server itself sees it, whoever asks. */
export function inventoryScope(
  schema: VimSchema,
  find: (moid: string) => ManagedObject | undefined,
): SelectionScope {
  return { schema, find, context: { session: undefined, version: newestVersion } };
}

/** What is directly below an entity. */
export function inventoryChildren(scope: SelectionScope, { ref }: ManagedObject): ManagedObject[] {
  const start = { moid: ref.value, skip: true, traversals: downwardTraversals(false) };
  return [...new Selection({ scope, starts: [start] }).objects()];
}
