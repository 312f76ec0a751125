import { type ResourceAllocation, ROOT_POOL_ID, VmkernelError } from '../../abi/index.js';

export interface Pool {
  readonly poolId: number;
  /** -1: the root. */
  readonly parentId: number;
  readonly name: string;
  readonly cpu: ResourceAllocation;
  readonly memory: ResourceAllocation;
}

/** The pools and which VM is in which. A VM that it does not know is in the root. */
export class PoolTree {
  readonly #pools = new Map<number, Pool>();
  readonly #poolOfVm = new Map<string, number>();
  #nextId = ROOT_POOL_ID + 1;

  constructor(root: Pool) {
    this.#pools.set(root.poolId, root);
  }

  copy(): PoolTree {
    const copy = new PoolTree(this.get(ROOT_POOL_ID));
    for (const pool of this.#pools.values()) copy.#pools.set(pool.poolId, pool);
    for (const [vmxPath, poolId] of this.#poolOfVm) copy.#poolOfVm.set(vmxPath, poolId);
    copy.#nextId = this.#nextId;
    return copy;
  }

  /** The id of the next pool that is made. */
  get nextId(): number {
    return this.#nextId;
  }

  /** Ids below it were used. */
  useIdsBelow(id: number): void {
    this.#nextId = Math.max(this.#nextId, id);
  }

  has(poolId: number): boolean {
    return this.#pools.has(poolId);
  }

  /** @throws VmkernelError NotFound {poolId} */
  get(poolId: number): Pool {
    const pool = this.#pools.get(poolId);
    if (pool === undefined)
      throw new VmkernelError('NotFound', `There is no resource pool ${poolId}`, { poolId });
    return pool;
  }

  /** Parents before their children. */
  get pools(): Pool[] {
    const children = new Map<number, Pool[]>();
    for (const pool of this.#pools.values()) {
      const siblings = children.get(pool.parentId);
      if (siblings === undefined) children.set(pool.parentId, [pool]);
      else siblings.push(pool);
    }
    const order = [this.get(ROOT_POOL_ID)];
    // The list grows while it is walked.
    for (const { poolId } of order) order.push(...(children.get(poolId) ?? []));
    return order;
  }

  childrenOf(poolId: number): Pool[] {
    return [...this.#pools.values()].filter(pool => pool.parentId === poolId);
  }

  get vms(): ReadonlyMap<string, number> {
    return this.#poolOfVm;
  }

  vmsOf(poolId: number): string[] {
    return [...this.#poolOfVm].filter(([, pool]) => pool === poolId).map(([vmxPath]) => vmxPath);
  }

  poolOf(vmxPath: string): number {
    return this.#poolOfVm.get(vmxPath) ?? ROOT_POOL_ID;
  }

  put(pool: Pool): void {
    this.#pools.set(pool.poolId, pool);
    this.useIdsBelow(pool.poolId + 1);
  }

  remove(poolId: number): void {
    this.#pools.delete(poolId);
  }

  putVm(vmxPath: string, poolId: number): void {
    this.#poolOfVm.set(vmxPath, poolId);
  }

  forgetVm(vmxPath: string): boolean {
    return this.#poolOfVm.delete(vmxPath);
  }

  /** Whether `poolId` is `above` or hangs below it. */
  isWithin(poolId: number, above: number): boolean {
    for (let id = poolId; id !== -1; id = this.#pools.get(id)?.parentId ?? -1) if (id === above) return true;
    return false;
  }
}
