import { ROOT_POOL_ID, VmkernelError } from '../../../kernel/abi/index.js';
import type { ManagedObjectReference } from '../../../lib/vim/index.js';
import { invalidArgument, managedObjectNotFound } from '../../../lib/vim-server/index.js';
import type { ResourcePool } from '../mo/resource-pool.js';
import type { VmkernelLink } from '../vmkernel/vmkernel-link.js';
import type { PoolTable } from './pool-table.js';

export interface VmPlacementDependencies {
  readonly pools: PoolTable;
  link(): VmkernelLink;
}

/** Puts machines into the pools that they are made or registered in. */
export class VmPlacement {
  readonly #dependencies: VmPlacementDependencies;

  constructor(dependencies: VmPlacementDependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws VimFault ManagedObjectNotFound, InvalidArgument for what is no pool */
  poolAt(ref: ManagedObjectReference): ResourcePool {
    const pool = this.#dependencies.pools.at(ref);
    if (pool !== undefined) return pool;
    throw ref.type === 'ResourcePool' ? managedObjectNotFound(ref) : invalidArgument('pool');
  }

  /** Before the machine is registered: with its registration it is in its pool. @throws VmkernelError */
  async place(vmxPath: string, { poolId, ref }: ResourcePool): Promise<void> {
    const { pools, link } = this.#dependencies;
    if (pools.poolOf({ vmxPath }).poolId === poolId) return;
    try {
      await pools.change({}, () => link().call('moveIntoPool', { poolId, pools: [], vms: [vmxPath] }));
    } catch (error) {
      const isGone = error instanceof VmkernelError && error.code === 'NotFound' && 'poolId' in error.details;
      throw isGone ? managedObjectNotFound(ref) : error;
    }
  }

  /** The machine is registered no more, or never was. */
  async forget(vmxPath: string): Promise<void> {
    const { pools, link } = this.#dependencies;
    if (pools.poolOf({ vmxPath }).poolId === ROOT_POOL_ID && pools.hasRead) return;
    await pools.change({}, () => link().call('forgetVm', { vmxPath }));
  }
}
