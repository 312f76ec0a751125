/** The calls of resource pools. The tree of pools lives in esx.conf; the VMkernel alone writes it. */

export type SharesLevel = 'low' | 'normal' | 'high' | 'custom';

/** Of a resource pool or VM. MHz for CPU, MB for memory; whole numbers. */
export interface ResourceAllocation {
  readonly reservation: number;
  /** What its children reserve beyond `reservation` comes from its parent. */
  readonly expandable: boolean;
  /** null: none. */
  readonly limit: number | null;
  /** What counts with level `custom`; else the level decides and this is told only. */
  readonly shares: number;
  readonly level: SharesLevel;
}

/** Reservations below a pool. MHz for CPU, MB for memory. */
export interface ReservationUsage {
  /** Taken by its child pools and by VMs in it that are powered on. */
  readonly reservationUsed: number;
  /** Taken by powered-on VMs in it and in all pools below it. */
  readonly reservationUsedForVm: number;
  /** What a further child can reserve. */
  readonly unreservedForPool: number;
  readonly unreservedForVm: number;
}

/** The root pool, the host itself. Its reservation and limit are what there is for VMs. */
export const ROOT_POOL_ID = 0;
export const MAX_POOLS = 512;
/** Pools and VMs that one pool holds. */
export const MAX_POOL_CHILDREN = 256;

export interface PoolInfo {
  /** Never used again once its pool is gone. */
  readonly poolId: number;
  /** -1: the root. */
  readonly parentId: number;
  /** As it was given. */
  readonly name: string;
  readonly cpu: ResourceAllocation;
  readonly memory: ResourceAllocation;
  /** .vmx paths with volume ids, powered on or not. One that was never moved is in the root, told there while it runs. */
  readonly vms: readonly string[];
  readonly cpuUsage: ReservationUsage;
  readonly memoryUsage: ReservationUsage;
}

export interface PoolChange {
  readonly poolId: number;
  readonly name?: string;
  readonly cpu?: ResourceAllocation;
  readonly memory?: ResourceAllocation;
}

type Empty = Record<string, never>;

/**
 * What every one of them refuses: NotFound {poolId}; InvalidArgument {argument}; AlreadyExists {name, parentId} for a
 * name that a sibling has; LimitExceeded {what, limit}; InsufficientCpu {poolId, neededMhz, availableMhz} and
 * InsufficientMemory {poolId, neededKb, availableKb} where reservations do not fit. What is refused changes nothing;
 * what is done is durable when it answers, holds at once, and is told on the feed: topic config, object `pool:<id>`,
 * event created, changed, moved or destroyed; of a VM object `<vmx path>`, event `pool`.
 */
export interface PoolCalls {
  /** Parents before their children, the root first. */
  listPools: { args: Empty; result: { pools: PoolInfo[] } };
  createPool: {
    args: {
      parentId: number;
      /** 1 to 80 characters, an escape as `%2f` counted as one; no control characters. */
      name: string;
      cpu: ResourceAllocation;
      memory: ResourceAllocation;
    };
    result: { poolId: number };
  };
  /** All or nothing. */
  updatePools: { args: { changes: readonly PoolChange[] }; result: Empty };
  /**
   * All or nothing; a running VM moves at once. It is also how a VM's pool is set when it is created or registered.
   * @throws InvalidArgument for a pool into itself or below itself
   */
  moveIntoPool: { args: { poolId: number; pools: readonly number[]; vms: readonly string[] }; result: Empty };
  /** Its pools and VMs go to its parent. */
  destroyPool: { args: { poolId: number }; result: Empty };
  /** The VM is unregistered: its pool holds it no longer. Nothing happens for one that no pool knows. */
  forgetVm: { args: { vmxPath: string }; result: Empty };
}
