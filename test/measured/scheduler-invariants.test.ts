import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MiniBios } from '../../daemons/vmware-vmx/engine/mini-bios.js';
import { attachStatistics, type Statistics } from '../../kernel/client/index.js';
import { checkHost } from '../../tools/esx/check/index.js';
import { nestedPools, Reconfiguration, until } from '../harness/index.js';
import { BareHost } from '../vmware-vmx/bare-host.js';
import { describeTables } from './host-tables.js';

const SECONDS = 60;
const SEED = 20261121;
const SERIAL = 'serial0.fileType = "console"';
const POWER_CYCLES = 20;
const AT_ONCE = 8;
const SLEEPER = new MiniBios().say('up>').idle();
const SPINNER = new MiniBios().say('up>').spin();

let host: BareHost;
let shmDir: string;
let statistics: Statistics;

beforeAll(async () => {
  host = await BareHost.start();
  shmDir = (await host.kernel.call('hostInfo', {})).shmDir;
  statistics = attachStatistics(shmDir);
});
afterAll(() => host.stop());

const pidOf = (pid: number): number => pid;
const powerOff = (name: string) => host.kernel.call('powerOff', { vmxPath: host.path(name) });

describe('the times of worlds, the sums of groups, limits and affinity', () => {
  it('hold while shares, limits, reservations, affinity, pools and power change at random', async () => {
    const pools = await nestedPools(host.kernel);
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) {
      host.define(name, name === 'd' ? SLEEPER : SPINNER, [SERIAL]);
      await host.powerOn(name);
    }
    const stop = new AbortController();
    const mhz = statistics.host.hostControl.pcpuMhz();
    const pcpus = statistics.host.hostControl.pcpuCount();
    const vms = names.map(name => host.path(name));
    const powerOn = (vmxPath: string) => host.kernel.call('powerOn', { vmxPath });
    const moves = new Reconfiguration({ kernel: host.kernel, vms, powerOn, pools, mhz, pcpus }, SEED);
    const changing = moves.run(stop.signal);
    const result = await checkHost({ shmDir, seconds: SECONDS, pidOf }).finally(() => stop.abort());
    await changing;
    expect(moves.unexpected).toEqual([]);
    expect(moves.done).toBeGreaterThan(SECONDS / 4);
    expect(result.judged).toBeGreaterThan(SECONDS);
    expect(result.violations).toEqual([]);
    await host.clear();
    for (const { poolId } of (await host.kernel.call('listPools', {})).pools.slice(1).reverse())
      await host.kernel.call('destroyPool', { poolId });
  }, 240_000);
});

describe('virtual machines that come and go', () => {
  it('leave every table, file and descriptor as it was: power cycles, and eight at a time', async () => {
    const names = Array.from({ length: AT_ONCE }, (_, i) => `vm${i}`);
    for (const name of names) host.define(name, SPINNER, [SERIAL]);
    const allAtOnce = async (): Promise<void> => {
      await Promise.all(names.map(name => host.powerOn(name)));
      await Promise.all(names.map(powerOff));
    };
    // Workers that are started for many at a time stay.
    await allAtOnce();
    const before = await settled();
    for (let i = 0; i < POWER_CYCLES; i++) {
      await host.powerOn('vm0');
      await powerOff('vm0');
    }
    expect(await settled()).toEqual(before);
    await allAtOnce();
    expect(await settled()).toEqual(before);
    await host.clear();
  }, 240_000);

  it.each(['running', 'waiting for a PCPU', 'halted', 'stopped while it holds a PCPU'])(
    'leave nothing when their process is killed: %s',
    async state => {
      const others = Array.from({ length: statistics.host.hostControl.pcpuCount() }, (_, i) => `other${i}`);
      for (const name of others) host.define(name, SPINNER, [SERIAL]);
      const before = await settled();
      const neighbours = state === 'waiting for a PCPU' ? ['n1', 'n2', 'n3'] : [];
      for (const name of ['victim', ...neighbours])
        host.define(name, state === 'halted' ? SLEEPER : SPINNER, [SERIAL, 'sched.cpu.shares = "1000"']);
      const { pid } = await host.powerOn('victim');
      for (const name of neighbours) await host.powerOn(name);
      if (state.startsWith('stopped')) {
        process.kill(pid, 'SIGSTOP');
        // Its PCPU goes to others that want it.
        for (const name of others) await host.powerOn(name);
        await settled();
        const { worlds } = await checkHost({ shmDir, seconds: 3, pidOf });
        for (const name of others)
          expect(worlds.find(({ world }) => world.name.endsWith(`:${name}`))?.runUs).toBeGreaterThan(100_000);
        for (const name of others) await powerOff(name);
      }
      process.kill(pid, 'SIGKILL');
      await host.ended('victim');
      for (const name of neighbours) await powerOff(name);
      expect(await settled()).toEqual(before);
      const { violations } = await checkHost({ shmDir, seconds: 5, pidOf });
      expect(violations).toEqual([]);
      await host.clear();
    },
    120_000,
  );
});

/** The tables once the scheduler has followed the last change. */
async function settled(): Promise<unknown> {
  await until('the scheduler to follow', () => {
    const { schedControl } = statistics.sched;
    return schedControl.seenTableVersion() === statistics.host.hostControl.tableVersion();
  });
  await delay(1200);
  return { ...describeTables(statistics), files: readdirSync(shmDir).sort(), open: openFiles() };
}

/** What the VMkernel has open, each kind as often as it has it. */
function openFiles(): string[] {
  const folder = `/proc/${host.kernelPid}/fd`;
  return readdirSync(folder)
    .flatMap(fd => {
      try {
        return [readlinkSync(join(folder, fd)).replace(/\d+/g, '#')];
      } catch {
        return []; // closed meanwhile
      }
    })
    .sort();
}
