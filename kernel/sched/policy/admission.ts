/**
 * Admission by a tree of reservations: whole numbers of any one unit (MHz, MB). Pool by pool; an expandable pool asks
 * its parent for what its own reservation lacks, up to its limit. Source: reference scheduler.md 3.1.
 */
export interface ReservationPool {
  readonly id: number;
  /** -1: the root. Its reservation is the capacity there is. */
  readonly parentId: number;
  readonly reservation: number;
  /** null: none. */
  readonly limit: number | null;
  readonly expandable: boolean;
}

/** What is powered on in a pool. */
export interface ReservationUser {
  readonly poolId: number;
  readonly reservation: number;
}

export interface PoolAccount {
  /** Taken by child pools and users of this pool. */
  readonly used: number;
  /** Taken by users of this pool and of all below it. */
  readonly usedByUsers: number;
  /** `used` may not pass this. */
  readonly bound: number;
  /** What one more child could reserve; 0 where too much is taken already. */
  readonly free: number;
}

/** A pool of which more is taken than may be. */
export interface Overdraft {
  readonly id: number;
  /** What was to be taken in addition; all that is taken where nothing was. */
  readonly needed: number;
  /** What there was for it. */
  readonly available: number;
}

interface Sums {
  readonly pool: ReservationPool;
  used: number;
  usedByUsers: number;
}

/** Pools whose parent is not there are left out. */
export function accountPools(
  pools: readonly ReservationPool[],
  users: Iterable<ReservationUser>,
): Map<number, PoolAccount> {
  const order = parentsFirst(pools);
  const sums = new Map(order.map(pool => [pool.id, { pool, used: 0, usedByUsers: 0 } as Sums]));
  for (const { poolId, reservation } of users) {
    const sum = sums.get(poolId);
    if (sum === undefined) continue;
    sum.used += reservation;
    sum.usedByUsers += reservation;
  }
  for (const { id, parentId } of order.toReversed()) {
    const own = sums.get(id);
    const parent = sums.get(parentId);
    if (own === undefined || parent === undefined) continue;
    parent.used += claimOnParent(own);
    parent.usedByUsers += own.usedByUsers;
  }
  const accounts = new Map<number, PoolAccount>();
  for (const { id, parentId } of order) {
    const sum = sums.get(id);
    if (sum !== undefined) accounts.set(id, accountOf(sum, accounts.get(parentId)?.free ?? 0));
  }
  return accounts;
}

/** The first pool of which too much is taken, unless it was as bad before. */
export function findOverdraft(
  before: ReadonlyMap<number, PoolAccount>,
  after: ReadonlyMap<number, PoolAccount>,
): Overdraft | undefined {
  for (const [id, account] of after) {
    const old = before.get(id);
    if (excessOf(account) <= excessOf(old)) continue;
    const { used, bound } = account;
    const usedBefore = old?.used ?? 0;
    return used > usedBefore
      ? { id, needed: used - usedBefore, available: Math.max(0, bound - usedBefore) }
      : { id, needed: used, available: bound };
  }
  return undefined;
}

function excessOf(account: PoolAccount | undefined): number {
  return account === undefined ? 0 : Math.max(0, account.used - account.bound);
}

function claimOnParent({ pool, used }: Sums): number {
  return pool.expandable ? Math.max(pool.reservation, used) : pool.reservation;
}

function accountOf({ pool, used, usedByUsers }: Sums, freeAbove: number): PoolAccount {
  const isRoot = pool.parentId === -1;
  const grows = pool.expandable && !isRoot;
  const bound = grows ? (pool.limit ?? Number.POSITIVE_INFINITY) : pool.reservation;
  const own = Math.max(0, pool.reservation - used);
  const free = grows ? Math.min(bound - used, own + freeAbove) : own;
  return { used, usedByUsers, bound, free: Math.max(0, free) };
}

function parentsFirst(pools: readonly ReservationPool[]): ReservationPool[] {
  const children = new Map<number, ReservationPool[]>();
  for (const pool of pools) {
    const siblings = children.get(pool.parentId);
    if (siblings === undefined) children.set(pool.parentId, [pool]);
    else siblings.push(pool);
  }
  const order = [...(children.get(-1) ?? [])];
  // The list grows while it is walked.
  for (const { id } of order) order.push(...(children.get(id) ?? []));
  return order;
}
