import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MiniBios } from '../../daemons/vmware-vmx/engine/mini-bios.js';
import { MAX_GROUPS, MAX_VMS, MAX_WORLDS, mayRun, WorldKind } from '../../kernel/abi/index.js';
import { attachStatistics, type Statistics } from '../../kernel/client/index.js';
import { clockUs, getAffinity, processCpuClock } from '../../lib/linux/index.js';
import { until } from '../harness/index.js';
import { BareHost } from '../vmware-vmx/bare-host.js';

const SPINNER = new MiniBios().spin();
const IDLER = new MiniBios().idle();
const cpus = getAffinity().slice(0, 2);
const PCPU = String(cpus.length - 1);

let host: BareHost;
let statistics: Statistics;

beforeAll(async () => {
  host = await BareHost.start('--cpus', cpus.join(','));
  statistics = attachStatistics((await host.kernel.call('hostInfo', {})).shmDir);
});
afterEach(() => host.clear());
afterAll(() => host.stop());

/** @returns its process and the row of its virtual CPU's world */
async function powerOn(
  name: string,
  keys: Readonly<Record<string, string>>,
  guest = SPINNER,
): Promise<{ pid: number; row: number }> {
  const lines = Object.entries(keys).map(([key, value]) => `${key} = "${value}"`);
  host.define(name, guest, ['serial0.fileType = "console"', ...lines]);
  const { pid } = await host.powerOn(name);
  const { world, hostControl } = statistics.host;
  for (let row = 0; row < hostControl.worldCount(); row++)
    if ((world.generation(row) & 1) === 1 && world.pid(row) === pid && world.kind(row) === WorldKind.vmm)
      return { pid, row };
  throw new Error(`${name} has no virtual CPU`);
}

const settings = (name: string, keys: Readonly<Record<string, string>>): Promise<unknown> =>
  host.kernel.call('reconfigure', { vmxPath: host.path(name), changes: { settings: keys } });

const isGranted = ({ row }: { row: number }): boolean => mayRun(statistics.sched.schedWorld.grant(row));
const cpuUs = ({ pid }: { pid: number }): number => clockUs(processCpuClock(pid));

/** What `taskset -pc` prints of each thread of a process. */
function affinities(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map(tid => {
    const status = readFileSync(`/proc/${pid}/task/${tid}/status`, 'latin1');
    return /^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] ?? '';
  });
}

/** Rows in use of the tables that a VM has rows in. */
function rowsInUse(): number[] {
  const { group, vm, world } = statistics.host;
  const used = (table: { generation(row: number): number }, rows: number): number => {
    let count = 0;
    for (let row = 0; row < rows; row++) count += table.generation(row) & 1;
    return count;
  };
  return [used(group, MAX_GROUPS), used(vm, MAX_VMS), used(world, MAX_WORLDS)];
}

describe('affinity', () => {
  it.runIf(cpus.length > 1)(
    'holds every thread of the vmx, as taskset sees them, and follows changes',
    async () => {
      const { pid } = await powerOn('pinned', { 'sched.cpu.affinity': '1' });
      const all = (wanted: string) => () => affinities(pid).every(list => list === wanted);
      await until('every thread on PCPU 1', all(String(cpus[1])));
      await settings('pinned', { 'sched.cpu.affinity': '0' });
      await until('every thread on PCPU 0', all(String(cpus[0])));
      await settings('pinned', { 'sched.cpu.affinity': 'all' });
      await until('threads free again', () => affinities(pid).some(list => list.length > 1));
    },
  );
});

describe('a vmx that is stopped while it holds its PCPU', () => {
  it('loses it to the others, and shares it again when it goes on', async () => {
    const stopped = await powerOn('stopped', { 'sched.cpu.affinity': PCPU, 'sched.cpu.shares': '4000' });
    const other = await powerOn('other', { 'sched.cpu.affinity': PCPU });
    await until('it to hold the PCPU', () => isGranted(stopped));
    process.kill(stopped.pid, 'SIGSTOP');
    await until('it to lose the PCPU for good', async () => {
      for (let look = 0; look < 20; look++, await delay(10)) if (isGranted(stopped)) return false;
      return true;
    });
    expect(isGranted(other)).toBe(true);
    process.kill(stopped.pid, 'SIGCONT');
    await until('it to be granted again', () => isGranted(stopped));
    await until('the other, too', () => isGranted(other));
  });
});

describe('kill -9 of a vmx', () => {
  const states: readonly [string, Readonly<Record<string, string>>, Uint8Array, string?][] = [
    ['while it runs', {}, SPINNER],
    ['while it is halted', {}, IDLER],
    ['while its limit holds it', { 'sched.cpu.max': '20' }, SPINNER],
    ['while it is stopped', {}, SPINNER, 'SIGSTOP'],
  ];
  it.each(states)('%s leaves the PCPU to the others and every table as it was', async (...state) => {
    const [, keys, guest, signal] = state;
    const survivor = await powerOn('survivor', { 'sched.cpu.affinity': PCPU });
    const before = rowsInUse();
    const victim = await powerOn('victim', { 'sched.cpu.affinity': PCPU, ...keys }, guest);
    await until(
      'it to have run',
      () => cpuUs(victim) > 0 && statistics.sched.schedWorld.grant(victim.row) !== 0,
    );
    if (signal !== undefined) process.kill(victim.pid, signal);
    await delay(100);
    process.kill(victim.pid, 'SIGKILL');
    await host.ended('victim');
    await until('its rows to be free', () => `${rowsInUse()}` === `${before}`);
    const usedUs = cpuUs(survivor);
    await until('the other to run on', () => cpuUs(survivor) > usedUs + 50_000);
  });
});
