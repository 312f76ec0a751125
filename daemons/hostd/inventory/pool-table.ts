import { type PoolInfo, ROOT_POOL_ID } from '../../../kernel/abi/index.js';
import type { ManagedObjectReference } from '../../../lib/vim/index.js';
import type { ObjectRegistry } from '../../../lib/vim-server/index.js';
import type { ResourcePool } from '../mo/resource-pool.js';
import type { VirtualMachine } from '../mo/virtual-machine.js';
import type { PoolCause, PoolEvents } from './pool-events.js';
import { noNews, type OwnChange, type PoolNews, postNews, tellNews } from './pool-news.js';

export interface PoolTableDependencies {
  readonly registry: ObjectRegistry;
  readonly events: PoolEvents;
  /** As the VMkernel has them now. */
  list(): Promise<readonly PoolInfo[]>;
  make(poolId: number, info: PoolInfo | undefined): ResourcePool;
  vms(): VirtualMachine[];
  vmAt(vmxPath: string): VirtualMachine | undefined;
  /** The pool is no more. */
  onGone(pool: ManagedObjectReference): void;
  /** Something is below other pools than before, or pools are no more. */
  onTreeChanged(): void;
}

/** Changes pools by the VMkernel; says of what it changed: `pool:<id>` and .vmx paths. */
export type PoolWork<T> = (touch: (...keys: string[]) => void) => Promise<T>;

/**
 * The host's resource pools, and which machine is in which, kept equal to what the VMkernel lists. The root is always
 * there; a machine that no other pool holds is in it. Readings and hostd's own changes follow one another.
 */
export class PoolTable {
  readonly root: ResourcePool;
  readonly #dependencies: PoolTableDependencies;
  readonly #pools = new Map<number, ResourcePool>();
  /** Pools other than the root by the .vmx paths that they hold. */
  #homes: ReadonlyMap<string, number> = new Map();
  #last: Promise<unknown> = Promise.resolve();
  #hasRead = false;
  /** Something was told to have changed since the last reading began. */
  #isStale = false;

  constructor(dependencies: PoolTableDependencies) {
    this.#dependencies = dependencies;
    this.root = dependencies.make(ROOT_POOL_ID, undefined);
    this.#pools.set(ROOT_POOL_ID, this.root);
  }

  /** Whether the VMkernel has said since this hostd began which pools there are. */
  get hasRead(): boolean {
    return this.#hasRead;
  }

  all(): ResourcePool[] {
    return [...this.#pools.values()];
  }

  find(poolId: number): ResourcePool | undefined {
    return this.#pools.get(poolId);
  }

  at({ value }: ManagedObjectReference): ResourcePool | undefined {
    if (value === this.root.ref.value) return this.root;
    const pool = this.#pools.get(Number(/^pool(\d{1,15})$/.exec(value)?.[1]));
    return pool?.ref.value === value ? pool : undefined;
  }

  poolOf({ vmxPath }: { readonly vmxPath: string }): ResourcePool {
    return this.#pools.get(this.#homes.get(vmxPath) ?? ROOT_POOL_ID) ?? this.root;
  }

  /** The pools directly in one. */
  children({ poolId }: ResourcePool): ResourcePool[] {
    return [...this.#pools.values()].filter(({ info, isRoot }) => !isRoot && info?.parentId === poolId);
  }

  /** The machines directly in one. */
  vms(pool: ResourcePool): VirtualMachine[] {
    if (pool.isRoot) return this.#dependencies.vms().filter(vm => this.poolOf(vm) === pool);
    return (pool.info?.vms ?? []).flatMap(vmxPath => this.#dependencies.vmAt(vmxPath) ?? []);
  }

  /** Asks anew. */
  read(): Promise<void> {
    return this.#inTurn(() => this.#read());
  }

  /** The change feed names a change; `follow` asks anew unless a reading has begun since. */
  noteChange(): void {
    this.#isStale = true;
  }

  follow(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isStale) await this.#read();
    });
  }

  /** Changes pools, and ends when hostd knows of it, also of what was done before the work failed. */
  change<T>(cause: PoolCause, work: PoolWork<T>): Promise<T> {
    return this.#inTurn(async () => {
      const touched: string[] = [];
      try {
        return await work((...keys) => touched.push(...keys));
      } finally {
        await this.#read({ cause, touched });
      }
    });
  }

  /** What is used of the pools that the machine is in may be another amount. */
  noteUse(vm: VirtualMachine): void {
    for (const pool of this.poolOf(vm).path) this.#dependencies.registry.changed(pool, 'summary', 'runtime');
  }

  /** A machine's own allocation may be another one. */
  noteConfig(vm: VirtualMachine): void {
    this.#dependencies.registry.changed(this.poolOf(vm), 'childConfiguration', 'summary');
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    // A failure is told to its caller; the next one stands on its own.
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #read(own?: OwnChange): Promise<void> {
    this.#isStale = false;
    const found = await this.#dependencies.list();
    const { registry, events, onGone, onTreeChanged } = this.#dependencies;
    const isFirst = !this.#hasRead;
    this.#hasRead = true;
    const news = this.#take(found);
    // What was so when hostd began is not told of.
    if (!isFirst) postNews(news, events, own);
    for (const { pool } of news.destroyed) this.#pools.delete(pool.poolId);
    tellNews(news, registry);
    for (const { pool } of news.destroyed) {
      registry.remove(pool);
      onGone(pool.ref);
    }
    if (isFirst || news.moved.length + news.vmsMoved.length + news.destroyed.length > 0) onTreeChanged();
  }

  /** Pools that are no more are left in the table. */
  #take(found: readonly PoolInfo[]): PoolNews {
    const before = [...this.#pools.values()].map(pool => ({ pool, from: pool.container }));
    const news = noNews();
    for (const info of found) this.#takePool(info, news);
    this.#takeHomes(homesIn(found), news);
    const listed = new Set(found.map(({ poolId }) => poolId));
    for (const { pool, from } of before) {
      if (from === undefined) continue;
      const to = pool.container ?? this.root;
      if (!listed.has(pool.poolId)) news.destroyed.push({ pool, from });
      else if (to !== from) news.moved.push({ pool, from, to });
    }
    return news;
  }

  #takePool(info: PoolInfo, { created, configured, used }: PoolNews): void {
    const known = this.#pools.get(info.poolId);
    if (known === undefined) {
      const pool = this.#dependencies.make(info.poolId, info);
      this.#pools.set(info.poolId, pool);
      this.#dependencies.registry.add(pool);
      created.push(pool);
      return;
    }
    const before = known.info;
    known.update(info);
    if (before === undefined || configOf(before) !== configOf(info)) configured.push(known);
    if (before === undefined || useOf(before) !== useOf(info)) used.push(known);
  }

  #takeHomes(homes: ReadonlyMap<string, number>, { vmsMoved }: PoolNews): void {
    const paths = new Set([...this.#homes.keys(), ...homes.keys()]);
    const before = new Map([...paths].map(vmxPath => [vmxPath, this.poolOf({ vmxPath })]));
    this.#homes = homes;
    for (const [vmxPath, from] of before) {
      const vm = this.#dependencies.vmAt(vmxPath);
      const to = this.poolOf({ vmxPath });
      if (vm !== undefined && from !== to) vmsMoved.push({ vm, from, to });
    }
  }
}

function homesIn(pools: readonly PoolInfo[]): ReadonlyMap<string, number> {
  const others = pools.filter(({ poolId }) => poolId !== ROOT_POOL_ID);
  return new Map(others.flatMap(({ poolId, vms }) => vms.map(vmxPath => [vmxPath, poolId] as const)));
}

const configOf = ({ name, cpu, memory }: PoolInfo): string => JSON.stringify([name, cpu, memory]);
const useOf = ({ cpuUsage, memoryUsage }: PoolInfo): string => JSON.stringify([cpuUsage, memoryUsage]);
