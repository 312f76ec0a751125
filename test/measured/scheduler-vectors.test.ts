import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MiniBios } from '../../daemons/vmware-vmx/engine/mini-bios.js';
import { emptySchedWorldFigures, type ResourceAllocation, WorldKind } from '../../kernel/abi/index.js';
import { attachStatistics, type Statistics } from '../../kernel/client/index.js';
import { clockUs, getAffinity, nowUs, processCpuClock } from '../../lib/linux/index.js';
import { BareHost } from '../vmware-vmx/bare-host.js';

/*
 * The vectors of scheduler.md 3.2 on real guests that share one PCPU, by Linux's clocks of their whole processes. Others
 * may use the machine meanwhile: shares are held against what the guests got together, limits against the wall.
 */
const WARM_UP_MS = 1200;
const WINDOW_MS = 3000;
/** A quantum at either end of a window is half a per cent of it; a slice of a guest as much. */
const NEAR = 0.03;
const SERIAL = 'serial0.fileType = "console"';
const SPIN = new MiniBios().say('up>').spin();

let host: BareHost;
let statistics: Statistics;
let mhz: number;
const pids = new Map<string, number>();

beforeAll(async () => {
  host = await BareHost.start('--cpus', String(getAffinity().at(-1) ?? 0));
  statistics = attachStatistics((await host.kernel.call('hostInfo', {})).shmDir);
  mhz = statistics.host.hostControl.pcpuMhz();
});
afterAll(() => host.stop());

async function powerOn(name: string, keys: Readonly<Record<string, string>>): Promise<void> {
  const lines = Object.entries(keys).map(([key, value]) => `${key} = "${value}"`);
  host.define(name, SPIN, [SERIAL, ...lines]);
  pids.set(name, (await host.powerOn(name)).pid);
}

const settings = (name: string, keys: Readonly<Record<string, string | null>>): Promise<unknown> =>
  host.kernel.call('reconfigure', { vmxPath: host.path(name), changes: { settings: keys } });

interface Measured {
  /** Of the wall, together. */
  readonly total: number;
  /** Of the wall, each. */
  readonly of: Readonly<Record<string, number>>;
  /** Of what all got, each. */
  readonly part: Readonly<Record<string, number>>;
}

async function measure(): Promise<Measured> {
  await delay(WARM_UP_MS);
  const names = [...pids.keys()];
  const read = (): number[] => names.map(name => clockUs(processCpuClock(pids.get(name) ?? 0)));
  const [before, startUs] = [read(), nowUs()];
  await delay(WINDOW_MS);
  const wallUs = nowUs() - startUs;
  const used = read().map((us, i) => us - (before[i] ?? 0));
  const all = used.reduce((sum, us) => sum + us, 0);
  const each = (whole: number) => Object.fromEntries(names.map((name, i) => [name, (used[i] ?? 0) / whole]));
  return { total: all / wallUs, of: each(wallUs), part: each(all) };
}

function expectParts(part: Measured['part'], expected: Readonly<Record<string, number>>): void {
  for (const [name, wanted] of Object.entries(expected))
    expect(Math.abs((part[name] ?? 0) - wanted), `${name}: ${JSON.stringify(part)}`).toBeLessThan(NEAR);
}

/** Ready and limited time of a VM's virtual CPU so far, µs. */
function waited(name: string): { readyUs: number; limitedUs: number } {
  const { world } = statistics.host;
  const figures = emptySchedWorldFigures();
  for (let row = 0; row < statistics.host.hostControl.worldCount(); row++)
    if (
      (world.generation(row) & 1) === 1 &&
      world.kind(row) === WorldKind.vmm &&
      world.pid(row) === pids.get(name)
    )
      statistics.sched.schedWorld.read(row, figures);
  return { readyUs: figures.readyUs, limitedUs: figures.limitedUs };
}

describe('guests that spin on one PCPU', () => {
  it('V10: one that is limited to 250 of 1000 gets no more from an idle host, and waits because of it', async () => {
    await powerOn('a', { 'sched.cpu.shares': '2000', 'sched.cpu.max': String(Math.round(mhz / 4)) });
    const { of } = await measure();
    const before = waited('a');
    expect(of.a).toBeLessThan(0.25 * 1.02);
    await delay(WARM_UP_MS);
    const after = waited('a');
    // Where Linux gives others a part of its PCPU, it waits for them, too.
    if (statistics.sched.schedPcpu.delivered(0) > 0.97)
      expect(after.limitedUs - before.limitedUs).toBeGreaterThan((after.readyUs - before.readyUs) * 0.9);
  });

  it('V1: shares of 2000 and 1000 divide it 2 : 1, from the moment the limit is taken away', async () => {
    await powerOn('b', { 'sched.cpu.shares': '1000' });
    await settings('a', { 'sched.cpu.max': null });
    expectParts((await measure()).part, { a: 2 / 3, b: 1 / 3 });
  });

  it('V2: a reservation of 500 is served before shares', async () => {
    await settings('b', { 'sched.cpu.min': String(Math.round(mhz / 2)) });
    const { total, of, part } = await measure();
    // Where others leave less than the whole PCPU, the reservation is served from what there is.
    expect(of.b).toBeGreaterThan(Math.min(0.5, total * 0.9) * (1 - NEAR));
    if (total > 0.97) expectParts(part, { a: 0.5, b: 0.5 });
  });

  it('V3: what a limit of 200 leaves goes to the others alike', async () => {
    await settings('a', { 'sched.cpu.shares': '1000' });
    await settings('b', { 'sched.cpu.min': '0' });
    await powerOn('c', { 'sched.cpu.shares': '1000', 'sched.cpu.max': String(Math.round(mhz / 5)) });
    const { of, part } = await measure();
    expect(of.c).toBeLessThan(0.2 * 1.02);
    expect(Math.abs((part.a ?? 0) - (part.b ?? 0))).toBeLessThan(NEAR);
  });

  it('V4: pools divide by their shares, and within a pool its machines by theirs', async () => {
    const free: ResourceAllocation = {
      reservation: 0,
      expandable: true,
      limit: null,
      shares: 0,
      level: 'normal',
    };
    const pool = async (name: string, vms: readonly string[]): Promise<void> => {
      const args = { parentId: 0, name, cpu: free, memory: free };
      const { poolId } = await host.kernel.call('createPool', args);
      await host.kernel.call('moveIntoPool', { poolId, pools: [], vms: vms.map(vm => host.path(vm)) });
    };
    await settings('c', { 'sched.cpu.max': null });
    await powerOn('d', { 'sched.cpu.shares': '1000' });
    await pool('p1', ['a']);
    await pool('p2', ['b', 'c', 'd']);
    expectParts((await measure()).part, { a: 1 / 2, b: 1 / 6, c: 1 / 6, d: 1 / 6 });
  });

  it('holds a pool to its limit, whoever is in it', async () => {
    const { pools } = await host.kernel.call('listPools', {});
    const p2 = pools.find(one => one.name === 'p2');
    if (p2 === undefined) throw new Error('no pool p2');
    const cpu = { ...p2.cpu, limit: Math.round(mhz / 4) };
    await host.kernel.call('updatePools', { changes: [{ poolId: p2.poolId, cpu }] });
    const { of, part } = await measure();
    expect((of.b ?? 0) + (of.c ?? 0) + (of.d ?? 0)).toBeLessThan(0.25 * 1.03);
    expect(part.a).toBeGreaterThan(0.5 - NEAR);
  });

  it('V5: an idle reservation is lent at once', async () => {
    for (const name of ['b', 'c', 'd']) {
      await host.kernel.call('powerOff', { vmxPath: host.path(name) });
      pids.delete(name);
    }
    host.define('idle', new MiniBios().say('up>').idle(), [
      SERIAL,
      `sched.cpu.min = "${Math.round(mhz * 0.8)}"`,
    ]);
    pids.set('idle', (await host.powerOn('idle')).pid);
    const { total, part } = await measure();
    expect(part.a).toBeGreaterThan(0.95);
    expect(total).toBeGreaterThan(0.2);
  });
});
