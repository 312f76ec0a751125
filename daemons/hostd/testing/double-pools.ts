import {
  type CallName,
  type PoolCalls,
  type PoolInfo,
  type ReservationUsage,
  type ResourceAllocation,
  ROOT_POOL_ID,
  VmkernelError,
  type VmkernelErrorCode,
} from '../../../kernel/abi/index.js';

/** MHz and MB. */
export interface DoubleClaim {
  readonly cpu: number;
  readonly memory: number;
}

type Resource = keyof DoubleClaim;

interface DoublePool {
  readonly poolId: number;
  parentId: number;
  name: string;
  cpu: ResourceAllocation;
  memory: ResourceAllocation;
  readonly vms: Set<string>;
}

export interface DoublePoolsDependencies {
  /** Of the root. */
  readonly capacity: DoubleClaim;
  /** By a machine that runs; nothing by another. */
  reserved(vmxPath: string): DoubleClaim;
  running(): readonly string[];
  publish(object: string, event: string): void;
}

/** The VMkernel's resource pools for tests of its clients: a tree, names and simple admission. */
export class DoublePools {
  readonly #dependencies: DoublePoolsDependencies;
  #pools = new Map<number, DoublePool>();
  #lastId = 0;

  constructor(dependencies: DoublePoolsDependencies) {
    this.#dependencies = dependencies;
    const { cpu, memory } = dependencies.capacity;
    const whole = (amount: number): ResourceAllocation => {
      return { reservation: amount, expandable: false, limit: amount, shares: 4000, level: 'normal' };
    };
    const root = { poolId: ROOT_POOL_ID, parentId: -1, name: 'user', vms: new Set<string>() };
    this.#pools.set(ROOT_POOL_ID, { ...root, cpu: whole(cpu), memory: whole(memory) });
  }

  /** @returns undefined for what is no call of pools */
  call(name: CallName, args: unknown): { result: unknown } | undefined {
    switch (name) {
      case 'listPools':
        return { result: { pools: [...this.#pools.values()].map(pool => this.#info(pool)) } };
      case 'createPool':
        return { result: this.#create(args as PoolCalls['createPool']['args']) };
      case 'updatePools':
        this.#update(args as PoolCalls['updatePools']['args']);
        return { result: {} };
      case 'moveIntoPool':
        this.#move(args as PoolCalls['moveIntoPool']['args']);
        return { result: {} };
      case 'destroyPool':
        this.#destroy((args as PoolCalls['destroyPool']['args']).poolId);
        return { result: {} };
      case 'forgetVm':
        this.#leave((args as PoolCalls['forgetVm']['args']).vmxPath);
        return { result: {} };
      default:
        return undefined;
    }
  }

  /** @throws VmkernelError InsufficientCpu, InsufficientMemory */
  requireRoom(vmxPath: string, claim: DoubleClaim): void {
    const pool = [...this.#pools.values()].find(({ vms }) => vms.has(vmxPath)) ?? this.#pool(ROOT_POOL_ID);
    this.#require(pool, claim);
  }

  #create({ parentId, name, cpu, memory }: PoolCalls['createPool']['args']): { poolId: number } {
    const parent = this.#pool(parentId);
    this.#requireName(parentId, name);
    this.#require(parent, { cpu: cpu.reservation, memory: memory.reservation });
    this.#lastId += 1;
    const poolId = this.#lastId;
    this.#pools.set(poolId, { poolId, parentId, name, cpu, memory, vms: new Set() });
    this.#dependencies.publish(`pool:${poolId}`, 'created');
    return { poolId };
  }

  #update({ changes }: PoolCalls['updatePools']['args']): void {
    const before = new Map([...this.#pools].map(([poolId, pool]) => [poolId, { ...pool }]));
    try {
      for (const { poolId, ...change } of changes) {
        const pool = this.#pool(poolId);
        if (change.name !== undefined && change.name !== pool.name)
          this.#requireName(pool.parentId, change.name);
        Object.assign(pool, change);
      }
      for (const { parentId } of this.#pools.values())
        if (parentId >= 0) this.#require(this.#pool(parentId), { cpu: 0, memory: 0 });
    } catch (error) {
      this.#pools = before;
      throw error;
    }
    for (const { poolId } of changes) this.#dependencies.publish(`pool:${poolId}`, 'changed');
  }

  #move({ poolId, pools, vms }: PoolCalls['moveIntoPool']['args']): void {
    const target = this.#pool(poolId);
    const moved = pools.map(id => this.#pool(id));
    for (const pool of moved) {
      if (this.#path(target).includes(pool)) throw failure('InvalidArgument', { argument: 'pools' });
      if (pool.parentId === poolId) continue;
      this.#requireName(poolId, pool.name);
      this.#require(target, { cpu: pool.cpu.reservation, memory: pool.memory.reservation });
    }
    for (const pool of moved) {
      pool.parentId = poolId;
      this.#dependencies.publish(`pool:${pool.poolId}`, 'moved');
    }
    for (const vmxPath of vms) {
      this.#leave(vmxPath);
      target.vms.add(vmxPath);
      this.#dependencies.publish(vmxPath, 'pool');
    }
  }

  #destroy(poolId: number): void {
    const pool = this.#pool(poolId);
    if (poolId === ROOT_POOL_ID) throw failure('InvalidArgument', { argument: 'poolId' });
    const parent = this.#pool(pool.parentId);
    for (const child of this.#children(pool)) {
      this.#requireName(parent.poolId, child.name);
      child.parentId = parent.poolId;
    }
    for (const vmxPath of pool.vms) parent.vms.add(vmxPath);
    this.#pools.delete(poolId);
    this.#dependencies.publish(`pool:${poolId}`, 'destroyed');
  }

  #leave(vmxPath: string): void {
    for (const { vms } of this.#pools.values()) vms.delete(vmxPath);
  }

  #requireName(parentId: number, name: string): void {
    const isTaken = [...this.#pools.values()].some(pool => pool.parentId === parentId && pool.name === name);
    if (isTaken) throw failure('AlreadyExists', { name, parentId });
  }

  #require(pool: DoublePool, claim: DoubleClaim): void {
    const cpu = this.#free(pool, 'cpu');
    const memory = this.#free(pool, 'memory');
    const { poolId } = pool;
    if (claim.cpu > cpu)
      throw failure('InsufficientCpu', { poolId, neededMhz: claim.cpu, availableMhz: cpu });
    if (claim.memory > memory) {
      const details = { poolId, neededKb: claim.memory * 1024, availableKb: memory * 1024 };
      throw failure('InsufficientMemory', details);
    }
  }

  /** What a further member can reserve; below nothing where more is taken than there is. */
  #free(pool: DoublePool, resource: Resource): number {
    const { reservation, expandable, limit } = pool[resource];
    const used = this.#used(pool, resource);
    if (!expandable || pool.poolId === ROOT_POOL_ID) return reservation - used;
    const parent = this.#pool(pool.parentId);
    const ofParent = this.#free(parent, resource) + Math.max(0, reservation - used);
    return Math.min(ofParent, (limit ?? Number.POSITIVE_INFINITY) - used);
  }

  #used(pool: DoublePool, resource: Resource): number {
    const ofPools = this.#children(pool).map(child =>
      Math.max(child[resource].reservation, child[resource].expandable ? this.#used(child, resource) : 0),
    );
    return sum([...ofPools, ...this.#ofVms(pool, resource)]);
  }

  #usage(pool: DoublePool, resource: Resource): ReservationUsage {
    const free = Math.max(0, this.#free(pool, resource));
    return {
      reservationUsed: this.#used(pool, resource),
      reservationUsedForVm: this.#usedByVms(pool, resource),
      unreservedForPool: free,
      unreservedForVm: free,
    };
  }

  #usedByVms(pool: DoublePool, resource: Resource): number {
    return sum([
      ...this.#ofVms(pool, resource),
      ...this.#children(pool).map(child => this.#usedByVms(child, resource)),
    ]);
  }

  /** A machine that was never moved is the root's. */
  #ofVms(pool: DoublePool, resource: Resource): number[] {
    const running = pool.poolId === ROOT_POOL_ID ? this.#dependencies.running() : [];
    const homeless = running.filter(path => ![...this.#pools.values()].some(({ vms }) => vms.has(path)));
    return [...pool.vms, ...homeless].map(path => this.#dependencies.reserved(path)[resource]);
  }

  #children({ poolId }: DoublePool): DoublePool[] {
    return [...this.#pools.values()].filter(pool => pool.parentId === poolId);
  }

  #path(pool: DoublePool): DoublePool[] {
    return pool.parentId < 0 ? [pool] : [pool, ...this.#path(this.#pool(pool.parentId))];
  }

  #pool(poolId: number): DoublePool {
    const pool = this.#pools.get(poolId);
    if (pool === undefined) throw failure('NotFound', { poolId });
    return pool;
  }

  #info({ vms, ...pool }: DoublePool): PoolInfo {
    const whole = { ...pool, vms };
    return {
      ...pool,
      vms: [...vms],
      cpuUsage: this.#usage(whole, 'cpu'),
      memoryUsage: this.#usage(whole, 'memory'),
    };
  }
}

const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0);

function failure(code: VmkernelErrorCode, details: Record<string, unknown>): VmkernelError {
  return new VmkernelError(code, `The double refuses: ${code}`, details);
}
