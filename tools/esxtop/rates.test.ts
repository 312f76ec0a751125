import { describe, expect, it } from 'vitest';
import { GroupKind } from '../../kernel/abi/index.js';
import { type CpuPercent, type CpuSample, ratesBetween } from './rates.js';
import { type Snapshot, takeSnapshot } from './snapshot.js';
import { HostTables } from './testing/fake-host.js';

const snapshot = (tables: HostTables, previous: Snapshot | null = null): Snapshot =>
  takeSnapshot({ host: tables.host, sched: tables.sched, wallMs: 0, console: null }, previous);

function vmOfTwoWorlds(): HostTables {
  const tables = HostTables.inMemory();
  tables.group(0, 1, 'idle', GroupKind.idle);
  tables.group(3, 16, 'linux', GroupKind.vm);
  tables.world(0, 1024, 3, 'vmware-vmx');
  tables.world(1, 1025, 3, 'vmm0:linux');
  return tables;
}

function groupOf(sample: CpuSample, name: string): CpuSample['groups'][number] {
  const group = sample.groups.find(candidate => candidate.name === name);
  if (group === undefined) throw new Error(`no group ${name}`);
  return group;
}

const wholeOf = (percent: CpuPercent | null): number =>
  percent === null ? Number.NaN : percent.run + percent.ready + percent.costop + percent.wait;

describe('ratesBetween', () => {
  it('turns two sets of figures into percent of the interval between them', () => {
    const tables = vmOfTwoWorlds();
    tables.times(1, { taken: 1e6, run: 100_000, ready: 50_000, wait: 850_000, idle: 800_000 });
    const before = snapshot(tables);
    tables.times(1, {
      taken: 3e6,
      run: 600_000,
      ready: 350_000,
      wait: 1_650_000,
      idle: 1_400_000,
      costop: 400_000,
      system: 40_000,
      overlap: 20_000,
      limited: 100_000,
      swap: 30_000,
    });
    const vmm = groupOf(ratesBetween(before, snapshot(tables)), 'linux').worlds[1];
    expect(vmm?.percent).toEqual({
      used: 26,
      run: 25,
      ready: 15,
      wait: 40,
      costop: 20,
      idle: 30,
      system: 2,
      overlap: 1,
      limited: 5,
      swap: 1.5,
    });
    expect(wholeOf(vmm?.percent ?? null)).toBe(100);
  });

  it('sums a group over its worlds: 100 % for each, although their figures are of different moments', () => {
    const tables = vmOfTwoWorlds();
    tables.times(0, { taken: 1e6, wait: 1e6 });
    tables.times(1, { taken: 1_400_000, run: 1_400_000 });
    const before = snapshot(tables);
    tables.times(0, { taken: 2e6, wait: 1_900_000, run: 100_000 });
    tables.times(1, { taken: 2_900_000, run: 2_100_000, ready: 800_000 });
    const group = groupOf(ratesBetween(before, snapshot(tables)), 'linux');
    expect(wholeOf(group.percent)).toBeCloseTo(200, 9);
    expect(group.percent?.run).toBeCloseTo(10 + (100 * 700) / 1500, 9);
    expect(group.worlds.map(world => world.worldId)).toEqual([1024, 1025]);
  });

  it('counts a world that began in the interval from its creation', () => {
    const tables = vmOfTwoWorlds();
    tables.times(0, { taken: 1e6, wait: 1e6 });
    const before = snapshot(tables);
    tables.times(0, { taken: 2e6, wait: 2e6 });
    tables.times(1, { created: 1_750_000, taken: 2e6, run: 200_000, wait: 50_000 });
    const vmm = groupOf(ratesBetween(before, snapshot(tables)), 'linux').worlds[1];
    expect(vmm?.percent?.run).toBe(80);
    expect(wholeOf(vmm?.percent ?? null)).toBe(100);
  });

  it('takes a row that was given to another world for a new world, whatever its counters say', () => {
    const tables = vmOfTwoWorlds();
    tables.times(1, { taken: 1e6, run: 900_000, wait: 100_000 });
    const before = snapshot(tables);
    tables.world(1, 1077, 3, 'vmm0:other');
    tables.times(1, { created: 1_500_000, taken: 2e6, run: 125_000, wait: 375_000 });
    const vmm = groupOf(ratesBetween(before, snapshot(tables)), 'linux').worlds[1];
    expect(vmm?.worldId).toBe(1077);
    expect(vmm?.percent?.run).toBe(25);
  });

  it('has no figures for a row that the scheduler has not taken over from the world before', () => {
    const tables = vmOfTwoWorlds();
    tables.times(1, { taken: 1e6, run: 900_000, wait: 100_000 });
    const before = snapshot(tables);
    tables.world(1, 1077, 3, 'vmm0:other');
    const group = groupOf(ratesBetween(before, snapshot(tables)), 'linux');
    expect(group.worlds[1]?.percent).toBeNull();
    expect(group.percent).toBeNull();
    expect(group.worlds).toHaveLength(2);
  });

  it('drops worlds that ended, and groups without worlds', () => {
    const tables = vmOfTwoWorlds();
    tables.times(0, { taken: 1e6, wait: 1e6 });
    tables.times(1, { taken: 1e6, run: 1e6 });
    const before = snapshot(tables);
    tables.endWorld(1);
    tables.times(0, { taken: 2e6, wait: 2e6 });
    const sample = ratesBetween(before, snapshot(tables));
    expect(sample.worldCount).toBe(1);
    expect(sample.groups.map(group => group.name)).toEqual(['linux']);
    expect(groupOf(sample, 'linux').percent?.wait).toBe(100);
  });

  it('has no figures where nothing was published in the interval', () => {
    const tables = vmOfTwoWorlds();
    tables.times(1, { taken: 1e6, run: 1e6 });
    const before = snapshot(tables);
    expect(groupOf(ratesBetween(before, snapshot(tables)), 'linux').worlds[1]?.percent).toBeNull();
  });

  it('covers the longer interval after a row was too busy to be read', () => {
    const tables = vmOfTwoWorlds();
    tables.times(1, { taken: 1e6, run: 0, wait: 1e6 });
    const first = snapshot(tables);
    tables.sched.schedWorld.beginWrite(1);
    const busy = snapshot(tables, first);
    expect(groupOf(ratesBetween(first, busy), 'linux').worlds[1]?.percent).toBeNull();
    tables.sched.schedWorld.endWrite(1);
    tables.times(1, { taken: 3e6, run: 500_000, wait: 2_500_000 });
    const last = snapshot(tables, busy);
    expect(groupOf(ratesBetween(busy, last), 'linux').worlds[1]?.percent?.run).toBe(25);
  });

  it('does not give the figures of a busy row to the next owner of the row', () => {
    const tables = vmOfTwoWorlds();
    tables.times(1, { taken: 1e6, run: 1e6 });
    const first = snapshot(tables);
    tables.world(1, 1077, 3, 'vmm0:other');
    tables.sched.schedWorld.beginWrite(1);
    expect(snapshot(tables, first).worlds[1]?.times).toBeNull();
  });

  it('shows what each PCPU was used, and their mean over those that have a figure', () => {
    const tables = vmOfTwoWorlds();
    tables.pcpu(0, 0, 1e6, 1e6);
    tables.pcpu(1, 0, 1e6, 1e6);
    tables.pcpu(2, 0, 1e6, 1e6);
    const before = snapshot(tables);
    tables.pcpu(0, 500_000, 1_500_000, 2e6);
    tables.pcpu(1, 100_000, 1_900_000, 2e6);
    const sample = ratesBetween(before, snapshot(tables));
    expect(sample.pcpus).toEqual([50, 10, null]);
    expect(sample.pcpuMean).toBe(30);
  });

  it('reads load averages as published, and leaves them out while they are being written', () => {
    const tables = vmOfTwoWorlds();
    tables.published(5, [0.5, 0.25, 0.125]);
    const before = snapshot(tables);
    expect(ratesBetween(before, before).load).toEqual([0.5, 0.25, 0.125]);
    tables.sched.schedControl.beginWrite();
    expect(snapshot(tables).load).toBeNull();
    expect(snapshot(tables, before).load).toEqual([0.5, 0.25, 0.125]);
  });

  it('never shows a negative figure when a counter was corrected downwards', () => {
    const tables = vmOfTwoWorlds();
    tables.times(1, { taken: 1e6, run: 500_000, wait: 500_000 });
    const before = snapshot(tables);
    tables.times(1, { taken: 2e6, run: 1_500_500, wait: 499_500 });
    expect(groupOf(ratesBetween(before, snapshot(tables)), 'linux').worlds[1]?.percent?.wait).toBe(0);
  });
});
