import { readdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MiniBios } from '../../daemons/vmware-vmx/engine/mini-bios.js';
import { GroupKind, HtSharing, type PoolInfo, type ResourceAllocation } from '../../kernel/abi/index.js';
import { attachStatistics } from '../../kernel/client/index.js';
import { BareHost } from './bare-host.js';

const NAME = 'guest';
let host: BareHost;

beforeAll(async () => {
  host = await BareHost.start();
  host.define(NAME, new MiniBios().say('up>').spin());
}, 60_000);
afterAll(() => host.stop(), 60_000);
beforeEach(async () => {
  for (const { poolId } of (await pools()).slice(1)) await host.kernel.call('destroyPool', { poolId });
  host.changes.length = 0;
});

const FREE: ResourceAllocation = {
  reservation: 0,
  expandable: true,
  limit: null,
  shares: 0,
  level: 'normal',
};

async function pools(): Promise<readonly PoolInfo[]> {
  return (await host.kernel.call('listPools', {})).pools;
}

async function pool(poolId: number): Promise<PoolInfo> {
  const found = (await pools()).find(one => one.poolId === poolId);
  if (found === undefined) throw new Error(`no pool ${poolId}`);
  return found;
}

async function create(
  name: string,
  parentId = 0,
  cpu: Partial<ResourceAllocation> = {},
  memory: Partial<ResourceAllocation> = {},
): Promise<number> {
  const args = { parentId, name, cpu: { ...FREE, ...cpu }, memory: { ...FREE, ...memory } };
  return (await host.kernel.call('createPool', args)).poolId;
}

describe('resource pools', () => {
  it('are made, changed, moved and destroyed, and the feed tells', async () => {
    const a = await create('a');
    const b = await create('b', a, { level: 'high' }, { shares: 77, level: 'custom' });
    expect(await pool(b)).toMatchObject({
      parentId: a,
      name: 'b',
      cpu: { shares: 8000 },
      memory: { shares: 77 },
    });
    await host.kernel.call('updatePools', {
      changes: [{ poolId: b, name: 'c', cpu: { ...FREE, limit: 500 } }],
    });
    expect(await pool(b)).toMatchObject({ name: 'c', cpu: { limit: 500, shares: 4000, level: 'normal' } });
    await host.kernel.call('moveIntoPool', { poolId: 0, pools: [b], vms: [host.path(NAME)] });
    expect(await pool(b)).toMatchObject({ parentId: 0 });
    await host.kernel.call('moveIntoPool', { poolId: a, pools: [b], vms: [host.path(NAME)] });
    const vmxPath = (await pool(a)).vms[0] ?? '';
    expect(vmxPath).toMatch(/^\/vmfs\/volumes\/[0-9a-f]{8}-[0-9a-f]{8}\/guest\/guest\.vmx$/);
    await host.kernel.call('destroyPool', { poolId: a });
    expect((await pools()).map(({ poolId, parentId }) => [poolId, parentId])).toEqual([
      [0, -1],
      [b, 0],
    ]);
    expect((await pool(0)).vms).toEqual([vmxPath]);
    const told = host.changes.filter(({ topic }) => topic === 'config');
    expect(told.map(({ object, event }) => `${object} ${event}`)).toEqual([
      `pool:${a} created`,
      `pool:${b} created`,
      `pool:${b} changed`,
      `pool:${b} moved`,
      `${vmxPath} pool`,
      `pool:${b} moved`,
      `${vmxPath} pool`,
      `pool:${b} moved`,
      `${vmxPath} pool`,
      `pool:${a} destroyed`,
    ]);
  });

  it('are there after a reboot and after a kill, and their ids never come again', async () => {
    const names = ['gold "24"', 'a/b%2fc\\', 'été 🎿', ' x ', 'n'.repeat(80)];
    for (const name of names) await create(name);
    const last = await create('gone', 0, { reservation: 10, limit: 20 }, { level: 'low' });
    await host.kernel.call('moveIntoPool', { poolId: last - 1, pools: [], vms: [host.path(NAME)] });
    await host.kernel.call('destroyPool', { poolId: last });
    const before = await pools();
    await host.reboot('SIGTERM');
    expect(await pools()).toEqual(before);
    expect(before.slice(1).map(({ name }) => name)).toEqual(names);
    expect(await create('next')).toBe(last + 1);
    const now = await pools();
    await host.reboot('SIGKILL');
    expect(await pools()).toEqual(now);
  });
});

describe('a VMkernel that is killed while it writes esx.conf', () => {
  it('leaves the pools as they were before or after, and boots with them', async () => {
    const folder = join(host.root, 'console/etc/vmware');
    const conf = () => readFileSync(join(folder, 'esx.conf'), 'utf8');
    await create('first');
    for (let round = 0; round < 3; round++) {
      const before = await pools();
      const text = conf();
      const begun = new Promise<void>(resolve => {
        const watcher = watch(folder, (_event, name) => {
          if (name !== 'esx.conf.new') return;
          process.kill(host.kernelPid, 'SIGKILL');
          watcher.close();
          resolve();
        });
      });
      const call = create(`killed${round}`).catch((error: unknown) => error);
      await begun;
      const answer = await call;
      const after = conf();
      await host.reboot('SIGKILL');
      const now = await pools();
      if (after === text) expect(now).toEqual(before);
      else expect(now.map(({ name }) => name)).toEqual([...before.map(({ name }) => name), `killed${round}`]);
      if (typeof answer === 'number') expect(after).not.toBe(text);
      expect(readdirSync(folder).filter(name => name.includes('damaged'))).toEqual([]);
    }
  });
});

describe('a reservation, an affinity, a limit of virtual CPUs', () => {
  const OTHER = 'other';
  beforeAll(() => host.define(OTHER, new MiniBios().say('up>').spin()));
  afterEach(async () => {
    for (const { vmxPath } of (await host.kernel.call('listVms', {})).vms)
      await host.kernel.call('powerOff', { vmxPath });
  });
  const runAtMost = (value: number) =>
    host.kernel.call('setOptions', { changes: [{ path: '/Misc/RunningVCpuLimit', value }] });
  const change = (settings: Record<string, string | null>) =>
    host.kernel.call('reconfigure', { vmxPath: host.path(NAME), changes: { settings } });
  /** Into the .vmx of a VM that is off. */
  const write = (name: string, settings: Record<string, string>): void => {
    const path = join(host.folder(name), `${name}.vmx`);
    const kept = readFileSync(path, 'utf8').replace(/^sched\..*\n/gm, '');
    const lines = Object.entries(settings).map(([key, value]) => `${key} = "${value}"\n`);
    writeFileSync(path, `${kept}${lines.join('')}`);
  };

  it('is refused at power-on with its key, and nothing is left reserved', async () => {
    const { pcpus } = await host.kernel.call('hostInfo', {});
    for (const [settings, code, details] of [
      [{ 'sched.cpu.affinity': `${pcpus.length}` }, 'InvalidVmx', { key: 'sched.cpu.affinity' }],
      [{ 'sched.cpu.shares': '0' }, 'InvalidVmx', { key: 'sched.cpu.shares' }],
      [{ 'sched.cpu.units': 'percent', 'sched.cpu.min': '101' }, 'InsufficientCpu', {}],
    ] as const) {
      write(NAME, settings);
      await expect(host.powerOn(NAME)).rejects.toMatchObject({ code, details });
    }
    write(NAME, {});
    expect((await pool(0)).cpuUsage.reservationUsed).toBe(0);
    expect((await pool(0)).memoryUsage.reservationUsed).toBe(0);
  });

  it('is checked PCPU by PCPU, at power-on and while it runs', async () => {
    const bound = { 'sched.cpu.units': 'percent', 'sched.cpu.min': '60', 'sched.cpu.affinity': '1' };
    write(NAME, bound);
    write(OTHER, bound);
    await host.powerOn(NAME);
    await expect(host.powerOn(OTHER)).rejects.toMatchObject({
      code: 'InsufficientCpu',
      details: { pcpus: [1] },
    });
    await change({ 'sched.cpu.affinity': '0' });
    const row = (await groups()).get(NAME)?.row ?? -1;
    const { group } = (await groups()).get(NAME) ?? {};
    expect([group?.affinityLow(row), group?.affinityHigh(row), group?.cpuUnits(row)]).toEqual([1, 0, 1]);
    await host.powerOn(OTHER);
    const refused = change({ 'sched.cpu.affinity': '1' });
    await expect(refused).rejects.toMatchObject({ code: 'InsufficientCpu', details: { pcpus: [1] } });
    expect(group?.affinityLow(row)).toBe(1);
    await expect(change({ 'sched.cpu.affinity': '63' })).rejects.toMatchObject({
      code: 'InvalidVmx',
      details: { key: 'sched.cpu.affinity' },
    });
    await change({ 'sched.cpu.htsharing': 'none', 'sched.cpu.affinity': null });
    expect([group?.affinityLow(row), group?.htSharing(row)]).toEqual([0, HtSharing.none]);
    write(NAME, {});
    write(OTHER, {});
  });

  it('counts what is powered on', async () => {
    await runAtMost(1);
    await host.powerOn(NAME);
    await expect(host.powerOn(OTHER)).rejects.toMatchObject({
      code: 'TooManyVcpus',
      details: { max: 1, count: 1, poweredOn: 1 },
    });
    await runAtMost(128);
    await host.powerOn(OTHER);
  });

  it('of a pool holds for the memory of VMs in it', async () => {
    const small = await create('small', 0, {}, { reservation: 100, limit: 100 });
    await host.kernel.call('moveIntoPool', { poolId: small, pools: [], vms: [host.path(NAME)] });
    await expect(host.powerOn(NAME)).rejects.toMatchObject({
      code: 'InsufficientMemory',
      details: { poolId: small, availableKb: 100 * 1024 },
    });
    await host.kernel.call('updatePools', { changes: [{ poolId: small, memory: { ...FREE, limit: 500 } }] });
    await host.powerOn(NAME);
    const { reservationUsed } = (await pool(small)).memoryUsage;
    await expect(
      host.kernel.call('updatePools', {
        changes: [{ poolId: small, memory: { ...FREE, limit: reservationUsed - 1 } }],
      }),
    ).rejects.toMatchObject({ code: 'InsufficientMemory' });
    await host.kernel.call('updatePools', {
      changes: [{ poolId: small, memory: { ...FREE, limit: reservationUsed } }],
    });
  });
});

/** The rows of groups in shared memory, by name. */
async function groups() {
  const { shmDir } = await host.kernel.call('hostInfo', {});
  const { group, hostControl } = attachStatistics(shmDir).host;
  const rows = Array.from({ length: hostControl.groupCount() }, (_, row) => row);
  const nameOf = (row: number): string => (row < 0 ? '' : group.name(row));
  return new Map(
    rows
      .filter(row => (group.generation(row) & 1) === 1)
      .map(row => [
        group.name(row),
        {
          row,
          kind: group.kind(row),
          poolId: group.poolId(row),
          parent: nameOf(group.parentRow(row)),
          group,
        },
      ]),
  );
}

describe('the tree of groups', () => {
  it('has what is no VM beside the root pool, and the storage thread with the drivers', async () => {
    const tree = await groups();
    const parents = [...tree].map(([name, { parent }]) => `${parent}/${name}`);
    expect(parents.sort()).toEqual([
      '/host',
      'host/console',
      'host/drivers',
      'host/idle',
      'host/system',
      'host/user',
    ]);
    expect(tree.get('user')).toMatchObject({ kind: GroupKind.pool, poolId: 0 });
    const { shmDir } = await host.kernel.call('hostInfo', {});
    const { world, hostControl } = attachStatistics(shmDir).host;
    const rows = Array.from({ length: hostControl.worldCount() }, (_, row) => row);
    const drivers = rows.filter(row => world.groupRow(row) === tree.get('drivers')?.row);
    expect(drivers.map(row => world.name(row))).toEqual(['storage']);
  });

  it('follows pools and running VMs at once', async () => {
    const outer = await create('outer', 0, { shares: 600, level: 'custom', expandable: false });
    const inner = await create('inner', outer);
    await host.powerOn(NAME);
    const tree = await groups();
    expect(tree.get(NAME)?.parent).toBe('user');
    const row = tree.get('outer')?.row ?? -1;
    const { group } = tree.get('outer') ?? {};
    expect([group?.cpuShares(row), group?.cpuExpandable(row), group?.cpuMax(row)]).toEqual([600, 0, -1]);
    const { pcpuMhz } = await host.kernel.call('hostInfo', {});
    await host.kernel.call('updatePools', { changes: [{ poolId: outer, cpu: { ...FREE, limit: 300 } }] });
    expect(group?.cpuMax(row)).toBeCloseTo(300 / pcpuMhz, 9);
    await host.kernel.call('moveIntoPool', { poolId: inner, pools: [], vms: [host.path(NAME)] });
    expect((await groups()).get(NAME)?.parent).toBe('inner');
    await host.kernel.call('moveIntoPool', { poolId: 0, pools: [inner], vms: [] });
    expect((await groups()).get('inner')?.parent).toBe('user');
    await host.kernel.call('destroyPool', { poolId: inner });
    const left = await groups();
    expect(left.has('inner')).toBe(false);
    expect(left.get(NAME)?.parent).toBe('user');
    await host.kernel.call('powerOff', { vmxPath: host.path(NAME) });
    await host.kernel.call('moveIntoPool', { poolId: outer, pools: [], vms: [host.path(NAME)] });
    await host.powerOn(NAME);
    expect((await groups()).get(NAME)?.parent).toBe('outer');
    await host.kernel.call('powerOff', { vmxPath: host.path(NAME) });
  });
});
