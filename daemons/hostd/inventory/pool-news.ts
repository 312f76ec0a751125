import type { ManagedObjectReference } from '../../../lib/vim/index.js';
import type { ObjectRegistry } from '../../../lib/vim-server/index.js';
import type { ResourcePool } from '../mo/resource-pool.js';
import type { VirtualMachine } from '../mo/virtual-machine.js';
import type { PoolCause, PoolEvents } from './pool-events.js';

/** What a reading of the pools found to be another one than before. */
export interface PoolNews {
  readonly created: ResourcePool[];
  readonly destroyed: { readonly pool: ResourcePool; readonly from: ResourcePool }[];
  readonly configured: ResourcePool[];
  readonly used: ResourcePool[];
  readonly moved: { readonly pool: ResourcePool; readonly from: ResourcePool; readonly to: ResourcePool }[];
  readonly vmsMoved: {
    readonly vm: VirtualMachine;
    readonly from: ResourcePool;
    readonly to: ResourcePool;
  }[];
}

/** Who asked for changes, and of what: `pool:<id>` and .vmx paths. Others' changes may be found with them. */
export interface OwnChange {
  readonly cause: PoolCause;
  readonly touched: readonly string[];
}

export const poolKey = ({ poolId }: { readonly poolId: number }): string => `pool:${poolId}`;

export const noNews = (): PoolNews => ({
  created: [],
  destroyed: [],
  configured: [],
  used: [],
  moved: [],
  vmsMoved: [],
});

/** Tells followers which properties are other ones. */
export function tellNews(news: PoolNews, registry: ObjectRegistry): void {
  const { created, destroyed, configured, used, moved, vmsMoved } = news;
  const lists = new ListChanges();
  for (const pool of created) lists.add(pool.container, 'resourcePool', pool.ref);
  for (const { pool, from } of destroyed) lists.remove(from, 'resourcePool', pool.ref);
  for (const { pool, from, to } of moved) {
    lists.remove(from, 'resourcePool', pool.ref);
    lists.add(to, 'resourcePool', pool.ref);
    registry.changed(pool, 'parent', 'runtime', 'summary');
  }
  for (const { vm, from, to } of vmsMoved) {
    lists.remove(from, 'vm', vm.ref);
    lists.add(to, 'vm', vm.ref);
    registry.changed(vm, 'resourcePool', 'runtime', 'summary');
  }
  for (const pool of configured) {
    registry.changed(pool, 'name', 'config');
    for (const one of [pool, ...pool.below]) registry.changed(one, 'runtime', 'summary');
    if (pool.container !== undefined) registry.changed(pool.container, 'childConfiguration');
  }
  for (const pool of used) registry.changed(pool, 'runtime', 'summary');
  lists.tell(registry);
}

/** Posts what happened; the root pool changes with the host and is nobody's doing. */
export function postNews(news: PoolNews, events: PoolEvents, own?: OwnChange): void {
  const causeOf = (...keys: string[]): PoolCause =>
    own !== undefined && keys.some(key => own.touched.includes(key)) ? own.cause : {};
  for (const pool of news.created) events.created(pool, causeOf(poolKey(pool)));
  for (const pool of news.configured) if (!pool.isRoot) events.reconfigured(pool, causeOf(poolKey(pool)));
  for (const { pool, from, to } of news.moved)
    events.moved(pool, { from, to }, causeOf(poolKey(pool), poolKey(from)));
  for (const { vm, from, to } of news.vmsMoved)
    events.vmMoved(vm, { from, to }, causeOf(vm.vmxPath, poolKey(from)));
  for (const { pool } of news.destroyed) events.destroyed(pool, causeOf(poolKey(pool)));
}

type PoolList = 'vm' | 'resourcePool';

interface ListChange {
  readonly added: ManagedObjectReference[];
  readonly removed: ManagedObjectReference[];
}

/** What came to and left the lists of several pools. */
class ListChanges {
  readonly #changes = new Map<ResourcePool, Record<PoolList, ListChange>>();

  add(pool: ResourcePool | undefined, list: PoolList, member: ManagedObjectReference): void {
    this.#of(pool)?.[list].added.push(member);
  }

  remove(pool: ResourcePool | undefined, list: PoolList, member: ManagedObjectReference): void {
    this.#of(pool)?.[list].removed.push(member);
  }

  tell(registry: ObjectRegistry): void {
    for (const [pool, lists] of this.#changes) {
      for (const list of ['resourcePool', 'vm'] as const) {
        const { added, removed } = lists[list];
        if (added.length + removed.length > 0) registry.listChanged(pool, list, lists[list]);
      }
      registry.changed(pool, 'childConfiguration', 'summary', 'runtime');
    }
  }

  #of(pool: ResourcePool | undefined): Record<PoolList, ListChange> | undefined {
    if (pool === undefined) return undefined;
    const known = this.#changes.get(pool);
    if (known !== undefined) return known;
    const lists = { vm: { added: [], removed: [] }, resourcePool: { added: [], removed: [] } };
    this.#changes.set(pool, lists);
    return lists;
  }
}
