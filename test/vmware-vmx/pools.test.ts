import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MiniBios } from '../../daemons/vmware-vmx/engine/mini-bios.js';
import type { PoolInfo, ResourceAllocation } from '../../kernel/abi/index.js';
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
