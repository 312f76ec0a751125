import type { ManagedObjectReference } from '../../../lib/vim/index.js';
import type {
  AccessControl,
  EventManager,
  ObjectRegistry,
  TaskManager,
} from '../../../lib/vim-server/index.js';
import { PoolEvents } from '../inventory/pool-events.js';
import { PoolTable } from '../inventory/pool-table.js';
import type { VmTable } from '../inventory/vm-table.js';
import type { HostFacts } from '../mo/host/host-facts.js';
import { ResourcePool } from '../mo/resource-pool.js';
import { VirtualMachine } from '../mo/virtual-machine.js';
import type { VmLife } from '../vm-life/vm-life.js';
import type { VmkernelLink } from '../vmkernel/vmkernel-link.js';
import { PoolChanges } from './pool-changes.js';

export interface HostPoolsParts {
  readonly registry: ObjectRegistry;
  readonly tasks: TaskManager;
  readonly events: EventManager;
  readonly facts: HostFacts;
  access(): AccessControl;
  link(): VmkernelLink;
  life(): VmLife;
  /** The pool is no more. */
  onGone(pool: ManagedObjectReference): void;
}

/** The table of the host's pools over its machines. */
export function hostPools(vms: VmTable, parts: HostPoolsParts): PoolTable {
  const { registry, facts, tasks, link } = parts;
  const operations = new PoolChanges({
    registry,
    tasks,
    pools: () => table,
    link,
    reallocate: (vm, spec, call) => parts.life().reallocate(vm, spec, call),
  });
  const table: PoolTable = new PoolTable({
    registry,
    events: new PoolEvents(parts.events),
    list: async () => (await link().call('listPools', {})).pools,
    make: (poolId, info) =>
      new ResourcePool(poolId, info, {
        facts,
        children: pool => table.children(pool),
        vms: pool => table.vms(pool),
        find: id => table.find(id),
        recentTasks: pool => tasks.recentTasks(pool),
        operations: () => operations,
      }),
    vms: () => vms.all(),
    vmAt: vmxPath => vms.atVmxPath(vmxPath),
    onGone: parts.onGone,
    onTreeChanged: () => {
      const isGone = ({ type, value }: ManagedObjectReference): boolean =>
        type === 'ResourcePool' && registry.find(value) === undefined;
      // A pool's permissions end with it.
      parts.access().dropPermissions(({ entity }) => isGone(entity));
      parts.access().noteTreeChange();
    },
  });
  return table;
}

/** The pools that a machine or a pool is in; none of what is gone. */
export function poolsAbove(
  registry: ObjectRegistry,
  { value }: ManagedObjectReference,
): ManagedObjectReference[] {
  const object = registry.find(value);
  const pool = object instanceof VirtualMachine ? object.pool : undefined;
  const container = object instanceof ResourcePool ? object.container : pool;
  return container?.path.map(({ ref }) => ref) ?? [];
}
