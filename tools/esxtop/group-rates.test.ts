import { describe, expect, it } from 'vitest';
import { CpuUnits, GroupKind, HtSharing, WorldKind } from '../../kernel/abi/index.js';
import { affinityMask, type GroupRate } from './group-rates.js';
import { ratesBetween } from './rates.js';
import { type Snapshot, takeSnapshot } from './snapshot.js';
import { HostTables } from './testing/fake-host.js';

const PCPU_MHZ = 2000;
const ROW = { host: 0, user: 1, gold: 2, vmA: 3, vmB: 4 } as const;

/** host ─ user ─ (gold ─ a), b: a runs a quarter, b a half. */
function tree(): HostTables {
  const tables = HostTables.inMemory();
  const { group, hostControl } = tables.host;
  hostControl.setPcpuMhz(PCPU_MHZ);
  tables.group(ROW.host, 0, 'host', GroupKind.host);
  tables.group(ROW.user, 4, 'user', GroupKind.pool);
  tables.group(ROW.gold, 18, 'gold', GroupKind.pool, 1.5);
  tables.group(ROW.vmA, 16, 'a', GroupKind.vm);
  tables.group(ROW.vmB, 17, 'b', GroupKind.vm);
  group.setParentRow(ROW.user, ROW.host);
  group.setParentRow(ROW.gold, ROW.user);
  group.setParentRow(ROW.vmA, ROW.gold);
  group.setParentRow(ROW.vmB, ROW.user);
  tables.world(0, 1025, ROW.vmA, 'vmm0:a', WorldKind.vmm);
  tables.world(1, 1024, ROW.vmA, 'vmware-vmx', WorldKind.vmx);
  tables.world(2, 1027, ROW.vmB, 'vmm0:b', WorldKind.vmm);
  tables.pcpu(0, 0, 0, 1);
  tables.pcpu(1, 0, 0, 1);
  return tables;
}

function at(tables: HostTables, taken: number): Snapshot {
  tables.times(0, { taken, run: taken / 4, wait: (3 * taken) / 4 });
  tables.monitor(0, { user: taken / 8, kernel: taken / 16, monitor: taken / 32, interrupts: taken / 4000 });
  tables.times(1, { taken, wait: taken });
  tables.times(2, { taken, run: taken / 2, ready: taken / 2 });
  tables.published(taken);
  return takeSnapshot({ host: tables.host, sched: tables.sched, wallMs: 0, console: null }, null);
}

const byName = (groups: readonly GroupRate[]) => new Map(groups.map(group => [group.name, group]));

function rates(tables: HostTables): ReadonlyMap<string, GroupRate> {
  const before = at(tables, 1e6);
  return byName(ratesBetween(before, at(tables, 3e6)).groups);
}

describe('groups', () => {
  it('sum up their worlds and those of the groups below them', () => {
    const groups = rates(tree());
    expect([...groups.keys()]).toEqual(['user', 'a', 'b', 'gold']);
    expect(groups.get('gold')).toMatchObject({ members: 2, parentId: 4, worlds: [] });
    expect(groups.get('user')).toMatchObject({ members: 3, parentId: null });
    expect(groups.get('gold')?.percent).toMatchObject({ used: 25, run: 25, wait: 175, ready: 0 });
    expect(groups.get('user')?.percent).toMatchObject({ used: 75, run: 75, wait: 175, ready: 50 });
  });

  it('tell what their monitors tell, per second and in percent', () => {
    const groups = rates(tree());
    expect(groups.get('gold')?.monitor).toMatchObject({
      ...{ guestUser: 12.5, guestKernel: 6.25, monitor: 3.125, interrupts: 250 },
    });
    expect(groups.get('a')?.worlds.map(world => world.monitor === null)).toEqual([true, false]);
  });

  it('take the scheduler’s own sums, in which ended worlds are', () => {
    const tables = tree();
    const sums = (taken: number, used: number): void => {
      const { schedGroup } = tables.sched;
      schedGroup.beginWrite(ROW.gold);
      schedGroup.setGeneration(ROW.gold, tables.host.group.generation(ROW.gold));
      schedGroup.setUsedUs(ROW.gold, used);
      schedGroup.setRunUs(ROW.gold, used);
      schedGroup.setTakenUs(ROW.gold, taken);
      schedGroup.endWrite(ROW.gold);
    };
    sums(1e6, 5e5);
    const before = at(tables, 1e6);
    sums(3e6, 15e5);
    const groups = byName(ratesBetween(before, at(tables, 3e6)).groups);
    expect(groups.get('gold')?.percent).toMatchObject({ used: 50, run: 50 });
    expect(groups.get('a')?.percent).toMatchObject({ used: 25 });
  });

  it('show what was given them in its units, with the bound of what children may reserve', () => {
    const tables = tree();
    const { group } = tables.host;
    group.setCpuExpandable(ROW.user, 1);
    group.setCpuUnits(ROW.vmB, CpuUnits.percent);
    group.setHtSharing(ROW.vmB, HtSharing.internal);
    group.setAffinityLow(ROW.vmB, 2);
    const groups = rates(tables);
    expect(groups.get('gold')?.allocation).toEqual({
      ...{ min: 500, max: 3000, minLimit: 500, shares: 1000, units: 'mhz' },
    });
    expect(groups.get('user')?.allocation).toMatchObject({ max: -1, minLimit: -1 });
    expect(groups.get('b')).toMatchObject({
      ...{ allocation: { min: 25, max: -1, units: 'pct' }, affinity: '2', htSharing: 'internal' },
    });
    expect(groups.get('a')).toMatchObject({ affinity: '3', htSharing: 'any' });
  });

  it('write sets of PCPUs as hexadecimal masks', () => {
    expect(affinityMask(0, 0, 8)).toBe('ff');
    expect(affinityMask(0, 0, 32)).toBe('ffffffff');
    expect(affinityMask(0, 0, 40)).toBe('ffffffffff');
    expect(affinityMask(0, 0, 64)).toBe('ffffffffffffffff');
    expect(affinityMask(1 << 31, 0, 64)).toBe('80000000');
    expect(affinityMask(1, 1, 64)).toBe('100000001');
  });
});

describe('hyper-threads', () => {
  it('add up to their core, which is never used beyond itself', () => {
    const tables = HostTables.inMemory();
    const use = (taken: number, used: readonly number[]): Snapshot => {
      used.forEach((part, pcpu) => {
        tables.pcpu(pcpu, part * taken, 0, taken);
        tables.host.pcpu.setCore(pcpu, pcpu >> 1);
      });
      tables.published(taken);
      return takeSnapshot({ host: tables.host, sched: tables.sched, wallMs: 0, console: null }, null);
    };
    const parts = [1, 0.25, 0.3, 0];
    const { pcpus, lcpus, pcpuMean } = ratesBetween(use(1e6, parts), use(2e6, parts));
    expect(pcpus).toEqual([100, 30]);
    expect(lcpus).toEqual([80, 20, 30, 0]);
    expect(pcpuMean).toBe(65);
  });
});
