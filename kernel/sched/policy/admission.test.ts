import { describe, expect, it } from 'vitest';
import { accountPools, findOverdraft, type ReservationPool, type ReservationUser } from './index.js';

const root = (capacity: number): ReservationPool => ({
  id: 0,
  parentId: -1,
  reservation: capacity,
  limit: capacity,
  expandable: false,
});
const pool = (
  id: number,
  parentId: number,
  reservation: number,
  more: Partial<ReservationPool> = {},
): ReservationPool => ({ id, parentId, reservation, limit: null, expandable: false, ...more });
const free = (pools: readonly ReservationPool[], users: readonly ReservationUser[], id: number) =>
  accountPools(pools, users).get(id)?.free;
/** Powers users on one after the other. @returns which of them did not fit */
function admit(pools: readonly ReservationPool[], users: readonly ReservationUser[]): number[] {
  const running: ReservationUser[] = [];
  return users.flatMap((user, index) => {
    if (user.reservation > (free(pools, running, user.poolId) ?? 0)) return [index];
    running.push(user);
    return [];
  });
}
const times = (count: number, user: ReservationUser) => Array.from({ length: count }, () => user);

describe('admission pool by pool', () => {
  // features.md row 209: a host of 8 × 2 GHz and 8 GB is two VMs of 4 GHz and 2 GB and eight of 1 GHz and 500 MB.
  it.each([
    ['16 GHz', 16_000, 4000, 1000],
    ['8 GB', 8000, 2000, 500],
    ['8 GB and the overhead of ten VMs', 8000 + 2 * 140 + 8 * 118, 2000 + 140, 500 + 118],
  ])(
    'fits two large and eight small VMs into %s exactly, and not one unit more',
    (_of, capacity, large, small) => {
      const vms = [
        ...times(2, { poolId: 0, reservation: large }),
        ...times(8, { poolId: 0, reservation: small }),
      ];
      expect(admit([root(capacity)], vms)).toEqual([]);
      expect(free([root(capacity)], vms, 0)).toBe(0);
      expect(admit([root(capacity)], [...vms, { poolId: 0, reservation: 1 }])).toEqual([10]);
      expect(admit([root(capacity - 1)], vms)).toEqual([9]);
    },
  );

  it('fits the same host as pools, each a bound of its own', () => {
    const pools = [root(16_000), pool(1, 0, 8000), pool(2, 0, 8000)];
    const large = times(2, { poolId: 1, reservation: 4000 });
    const small = times(8, { poolId: 2, reservation: 1000 });
    expect(admit(pools, [...large, ...small])).toEqual([]);
    expect(admit(pools, [...large, { poolId: 1, reservation: 1 }, ...small])).toEqual([2]);
    expect(free(pools, [], 0)).toBe(0);
  });

  // features.md row 125: a fifth VM of 1 GHz on a 4 GHz host.
  it('refuses the fifth of four, and takes one without reservation', () => {
    expect(admit([root(4000)], times(5, { poolId: 0, reservation: 1000 }))).toEqual([4]);
    expect(
      admit([root(4000)], [...times(4, { poolId: 0, reservation: 1000 }), { poolId: 0, reservation: 0 }]),
    ).toEqual([]);
  });

  it('lets an expandable pool take what its reservation lacks from its parent, through several', () => {
    const expandable = { expandable: true };
    const pools = [root(1000), pool(1, 0, 400, expandable), pool(2, 1, 100, expandable), pool(3, 0, 300)];
    expect(free(pools, [], 2)).toBe(100 + 300 + 300);
    const users = [{ poolId: 2, reservation: 650 }];
    const accounts = accountPools(pools, users);
    expect(accounts.get(2)).toMatchObject({ used: 650, usedByUsers: 650, free: 50 });
    expect(accounts.get(1)).toMatchObject({ used: 650, usedByUsers: 650, free: 50 });
    expect(accounts.get(0)).toMatchObject({ used: 950, usedByUsers: 650, free: 50 });
    expect(accounts.get(3)).toMatchObject({ used: 0, free: 300 });
  });

  it('ends what is expandable at the limit of the pool and of each above it', () => {
    const pools = [
      root(1000),
      pool(1, 0, 0, { expandable: true, limit: 500 }),
      pool(2, 1, 0, { expandable: true, limit: 300 }),
    ];
    expect(free(pools, [], 2)).toBe(300);
    expect(free(pools, [{ poolId: 1, reservation: 350 }], 2)).toBe(150);
  });

  it('says which pool lacks how much when a change takes too much', () => {
    const users = [{ poolId: 1, reservation: 300 }];
    const before = accountPools([root(1000), pool(1, 0, 400)], users);
    const grown = accountPools([root(1000), pool(1, 0, 400), pool(2, 0, 700)], users);
    expect(findOverdraft(before, grown)).toEqual({ id: 0, needed: 700, available: 600 });
    const shrunk = accountPools([root(1000), pool(1, 0, 200)], users);
    expect(findOverdraft(before, shrunk)).toEqual({ id: 1, needed: 300, available: 200 });
    expect(findOverdraft(before, before)).toBeUndefined();
  });

  it('allows a change of a host that has too much reserved already, unless it gets worse', () => {
    const before = accountPools([root(500), pool(1, 0, 400), pool(2, 0, 400)], []);
    expect(before.get(0)?.free).toBe(0);
    const better = accountPools([root(500), pool(1, 0, 300), pool(2, 0, 400)], []);
    expect(findOverdraft(before, better)).toBeUndefined();
    const worse = accountPools([root(500), pool(1, 0, 401), pool(2, 0, 400)], []);
    expect(findOverdraft(before, worse)).toEqual({ id: 0, needed: 1, available: 0 });
  });

  it('counts a chain of 512 pools', () => {
    const chain = Array.from({ length: 512 }, (_, i) => pool(i + 1, i, 0, { expandable: true }));
    const users = [{ poolId: 512, reservation: 999 }];
    expect(free([root(1000), ...chain.toReversed()], users, 512)).toBe(1);
  });
});
