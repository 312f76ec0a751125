import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MiniBios } from '../../daemons/vmware-vmx/engine/mini-bios.js';
import { GroupKind, type PoolInfo, type ResourceAllocation } from '../../kernel/abi/index.js';
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
