import type { PoolChange } from '../../../kernel/abi/index.js';
import type { ManagedObjectReference, ResourceConfigSpec } from '../../../lib/vim/index.js';
import {
  type CallContext,
  invalidArgument,
  managedObjectNotFound,
  type ObjectRegistry,
  type TaskManager,
} from '../../../lib/vim-server/index.js';
import type { PoolCause } from '../inventory/pool-events.js';
import { poolKey } from '../inventory/pool-news.js';
import type { PoolTable, PoolWork } from '../inventory/pool-table.js';
import { type PoolOperations, poolReference, ResourcePool } from '../mo/resource-pool.js';
import { VirtualMachine } from '../mo/virtual-machine.js';
import { checkedName } from '../vm-config/spec/general-properties.js';
import type { VmkernelLink } from '../vmkernel/vmkernel-link.js';
import { ChildAllocations, type Reallocate } from './child-allocations.js';
import { poolFault } from './pool-fault.js';
import { changedAllocations, poolAllocations } from './pool-spec.js';

export interface PoolChangesDependencies {
  readonly registry: ObjectRegistry;
  readonly tasks: TaskManager;
  pools(): PoolTable;
  link(): VmkernelLink;
  reallocate: Reallocate;
}

/** What clients do with resource pools, each by one call of the VMkernel, which admits or refuses it as a whole. */
export class PoolChanges implements PoolOperations {
  readonly #dependencies: PoolChangesDependencies;

  constructor(dependencies: PoolChangesDependencies) {
    this.#dependencies = dependencies;
  }

  create(
    parent: ResourcePool,
    args: { readonly name: string; readonly spec: ResourceConfigSpec },
    call: CallContext,
  ): Promise<ManagedObjectReference> {
    const name = checkedName(args.name);
    const allocations = poolAllocations(args.spec, undefined, 'spec');
    return this.#change(causeOf(call), async touch => {
      const request = { parentId: parent.poolId, name, ...allocations };
      const { poolId } = await this.#dependencies.link().call('createPool', request);
      touch(poolKey({ poolId }));
      return poolReference(poolId);
    });
  }

  async update(
    pool: ResourcePool,
    args: { readonly name?: string | undefined; readonly config?: ResourceConfigSpec | undefined },
    call: CallContext,
  ): Promise<void> {
    const name = args.name === undefined ? undefined : checkedName(args.name);
    await this.#change(causeOf(call), async touch => {
      const allocations =
        args.config === undefined ? undefined : changedAllocations(pool, args.config, 'config');
      await this.#update([{ poolId: pool.poolId, ...(name === undefined ? {} : { name }), ...allocations }]);
      touch(poolKey(pool));
    });
  }

  async updateChildren(
    pool: ResourcePool,
    specs: readonly ResourceConfigSpec[],
    call: CallContext,
  ): Promise<void> {
    const { registry, reallocate } = this.#dependencies;
    const children = new ChildAllocations(pool, {
      find: ref => registry.find(ref.value),
      reallocate: (vm, spec) => reallocate(vm, spec, call),
      updatePools: changes =>
        this.#change(causeOf(call), async touch => {
          const made = changes();
          await this.#update(made);
          touch(...made.map(poolKey));
        }),
    });
    await children.apply(specs);
  }

  async moveInto(
    pool: ResourcePool,
    list: readonly ManagedObjectReference[],
    call: CallContext,
  ): Promise<void> {
    await this.#change(causeOf(call), async touch => {
      const members = list.map(ref => this.#member(ref));
      const pools = members.filter(one => one instanceof ResourcePool).map(({ poolId }) => poolId);
      const vms = members.filter(one => one instanceof VirtualMachine).map(({ vmxPath }) => vmxPath);
      await this.#dependencies.link().call('moveIntoPool', { poolId: pool.poolId, pools, vms });
      touch(...pools.map(poolId => poolKey({ poolId })), ...vms);
    });
  }

  /** The deepest first: each one's machines and pools are in its parent then, and no name meets its like. */
  async destroyChildren(pool: ResourcePool, call: CallContext): Promise<void> {
    await this.#change(causeOf(call), async touch => {
      for (const child of pool.below.reverse()) {
        await this.#dependencies.link().call('destroyPool', { poolId: child.poolId });
        touch(poolKey(child));
      }
    });
  }

  rename(pool: ResourcePool, newName: string, call: CallContext): ManagedObjectReference {
    const request = { methodName: 'Rename_Task', descriptionId: 'ManagedEntity.rename', call };
    return this.#dependencies.tasks.start({ entity: pool, ...request }, async ({ cause }) => {
      const name = checkedName(newName);
      await this.#change(cause, async touch => {
        await this.#update([{ poolId: pool.poolId, name }]);
        touch(poolKey(pool));
      });
      return undefined;
    });
  }

  destroy(pool: ResourcePool, call: CallContext): ManagedObjectReference {
    const request = { methodName: 'Destroy_Task', descriptionId: 'ManagedEntity.destroy', call };
    return this.#dependencies.tasks.start({ entity: pool, ...request }, async ({ cause }) => {
      await this.#change(cause, async touch => {
        await this.#dependencies.link().call('destroyPool', { poolId: pool.poolId });
        touch(poolKey(pool));
      });
      return undefined;
    });
  }

  refresh(): Promise<void> {
    return this.#dependencies.pools().read();
  }

  async #update(changes: readonly PoolChange[]): Promise<void> {
    await this.#dependencies.link().call('updatePools', { changes });
  }

  async #change<T>(cause: PoolCause, work: PoolWork<T>): Promise<T> {
    const pools = this.#dependencies.pools();
    try {
      return await pools.change(cause, work);
    } catch (error) {
      throw poolFault(error, pools);
    }
  }

  #member(ref: ManagedObjectReference): ResourcePool | VirtualMachine {
    const pool = this.#dependencies.pools().at(ref);
    if (pool?.isRoot === true) throw invalidArgument('list');
    if (pool !== undefined) return pool;
    const object = this.#dependencies.registry.find(ref.value);
    if (object instanceof VirtualMachine) return object;
    throw object === undefined ? managedObjectNotFound(ref) : invalidArgument('list');
  }
}

function causeOf({ session }: CallContext): PoolCause {
  return { userName: session?.userName };
}
