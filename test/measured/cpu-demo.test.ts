import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { attachStatistics, type VmkernelClient } from '../../kernel/client/index.js';
import { nowUs } from '../../lib/linux/index.js';
import { ManagedObjectReference } from '../../lib/vim/index.js';
import { VimClient } from '../../lib/vim-client/index.js';
import { processTimeUs, runProgram, TestHost, TREE, until } from '../harness/index.js';

let host: TestHost;
let kernel: VmkernelClient;

beforeAll(async () => {
  host = await TestHost.up();
  kernel = await host.kernel();
});
afterAll(() => host.stop());

const datastore = (...path: string[]): string => join(host.root, 'datastores/storage1', ...path);
const demo = (...flags: string[]) => host.esx(['demo', 'cpu', ...flags], { timeoutMs: 120_000 });

/** CPU time of a VM's process by Linux, at times of the wall clock. */
class ProcessRecord {
  readonly #points: { readonly atMs: number; readonly usedMs: number }[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    const note = (): void => {
      this.#points.push({ atMs: Date.now(), usedMs: processTimeUs(pid) / 1000 });
    };
    note();
    this.#timer = setInterval(note, 100);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  get sinceMs(): number {
    return this.#points[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  usedMs(fromMs: number, toMs: number): number {
    return this.#at(toMs) - this.#at(fromMs);
  }

  #at(timeMs: number): number {
    const after = this.#points.findIndex(({ atMs }) => atMs >= timeMs);
    const [before, next] = [this.#points[after - 1], this.#points[after]];
    if (before === undefined || next === undefined) throw new Error('not recorded');
    const part = (timeMs - before.atMs) / (next.atMs - before.atMs);
    return before.usedMs + part * (next.usedMs - before.usedMs);
  }
}

/** `demo-high  66.7 %  66.5 %  66.4 %` → what is due, what Linux's clocks and esxtop say. */
function figures(output: string): { due: number; linux: number; esxtop: number }[] {
  const rows = [...output.matchAll(/demo-(?:high|low) +([\d.]+) % +([\d.]+) % +([\d.]+) %/g)];
  return rows.map(([, due, linux, esxtop]) => ({
    due: Number(due),
    linux: Number(linux),
    esxtop: Number(esxtop),
  }));
}

const Told = z.object({
  endMs: z.array(z.number()),
  values: z.record(z.string(), z.array(z.number())),
  mhz: z.number(),
});

async function statistics(port: number): Promise<{ steps: string; told: z.infer<typeof Told> }> {
  const script = join(TREE, 'test/clients/pyvmomi/read_statistics.py');
  const args = [script, '--port', `${port}`, '--password-file', join(host.root, 'password'), 'demo-low'];
  const { status, stdout, stderr } = await runProgram('/usr/bin/python3', args);
  expect(status, `${stdout.toString()}${stderr}`).toBe(0);
  const [steps = '', json = ''] = stdout.toString().split('json ');
  return { steps, told: Told.parse(JSON.parse(json)) };
}

/** Until a real-time sample of demo-low is there. */
async function aSample(port: number): Promise<void> {
  const client = await VimClient.open({ host: '127.0.0.1', port, certificate: null });
  try {
    await client.login('root', host.password);
    const vms = await client.find('VirtualMachine', ['name']);
    const entity = vms.find(({ properties }) => properties.get('name') === 'demo-low')?.object;
    const manager = client.content.perfManager ?? new ManagedObjectReference('PerformanceManager', '');
    if (entity === undefined) throw new Error('demo-low is not registered');
    await until(
      'a whole interval of 20 s',
      async () => ((await client.call(manager, 'QueryAvailablePerfMetric', { entity })) ?? []).length > 0,
      60_000,
    );
  } finally {
    client.close();
  }
}

it('refuses to demonstrate in a folder that is another one, and without a host', async () => {
  mkdirSync(datastore('demo-high'));
  const refused = await demo('--step', 'shares');
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain("demo-high is there and not this demonstration's");
  rmSync(datastore('demo-high'), { recursive: true });
  const nowhere = await runProgram(process.execPath, [
    join(TREE, 'dist/tools/esx/main.js'),
    ...['demo', 'cpu', '--root', join(host.root, 'nowhere')],
  ]);
  expect(nowhere.status).toBe(1);
  expect(nowhere.stderr).toContain('no host runs in');
});

it("shows two VMs by shares, reservation and limit, as Linux's clocks, esxtop and 20 s samples agree", async () => {
  // An earlier run may have ended after the disk was there.
  await host.addGuest('asm-spinner', 'demo-low');
  rmSync(datastore('demo-low/asm-spinner.vmx'));
  const shown = demo();
  const low = await until('demo-low to run', async () => {
    const vm = await host.world(kernel, 'demo-low');
    return vm?.state === 'poweredOn' && vm;
  });
  const record = new ProcessRecord(low.pid);
  try {
    const { status, stdout, stderr } = await shown;
    const output = stdout.toString();
    expect(status, `${output}${stderr}`).toBe(0);
    const rows = figures(output);
    expect(rows).toHaveLength(6);
    for (const pair of [0, 2, 4].map(at => rows.slice(at, at + 2))) {
      const together = pair.reduce((sum, { linux }) => sum + linux, 0);
      for (const { due, linux, esxtop } of pair) {
        // Without a step's setting a row is off by 16 points of an idle PCPU; windows of seconds swing with what others take.
        expect(Math.abs(linux - due), output).toBeLessThan(4 + (100 - together) / 5);
        // The two windows begin up to a second of six apart.
        expect(Math.abs(esxtop - linux), output).toBeLessThan(8);
      }
    }
    expect(rows[4]?.linux, output).toBeLessThan(27);
    const { https } = (await host.status()).ports;
    await aSample(https);
    const { steps, told } = await statistics(https);
    expect(steps.match(/^ok/gm)).toHaveLength(8);
    const at = told.endMs.findIndex(endMs => endMs - 20_000 > record.sinceMs);
    const endMs = told.endMs[at] ?? Number.NaN;
    const value = (counter: string): number => told.values[counter]?.[at] ?? Number.NaN;
    const usedMs = record.usedMs(endMs - 20_000, endMs);
    // The VMkernel tells its figures twice a second: each end of the interval is up to half a second off.
    expect(Math.abs(value('cpu.used.summation:') - usedMs)).toBeLessThan(800);
    expect(Math.abs(value('cpu.usage.average:') - usedMs / 2)).toBeLessThan(400);
    expect(Math.abs(value('cpu.usagemhz.average:') - (usedMs / 20_000) * told.mhz)).toBeLessThan(
      0.04 * told.mhz,
    );
    // A spinner never waits: what it does not use it is ready for.
    expect(Math.abs(value('cpu.ready.summation:0') - (20_000 - usedMs))).toBeLessThan(1200);
  } finally {
    record.stop();
  }
});

/** The greatest CPU time that processes used together in a window, over a time, µs of Linux's clocks. */
async function mostIn(windowMs: number, pids: readonly number[], forMs: number): Promise<number> {
  const points: { readonly atUs: number; readonly usedUs: number }[] = [];
  const startUs = nowUs();
  while (points.length === 0 || nowUs() - startUs < forMs * 1000) {
    points.push({ atUs: nowUs(), usedUs: pids.reduce((sum, pid) => sum + processTimeUs(pid), 0) });
    await delay(250);
  }
  const used = points.flatMap(from => {
    const to = points.findLast(({ atUs }) => atUs - from.atUs <= windowMs * 1000);
    return to === undefined ? [] : [to.usedUs - from.usedUs];
  });
  return Math.max(...used);
}

it('holds both to the limit of a pool that SOAP moved them below, on idle PCPUs, until it is taken away', async () => {
  const { vms } = await kernel.call('listVms', {});
  const pids = vms.map(({ pid }) => pid);
  const { shmDir } = await kernel.call('hostInfo', {});
  const limit = Math.round(attachStatistics(shmDir).host.hostControl.pcpuMhz() / 4);
  const { https } = (await host.status()).ports;
  const client = await VimClient.open({ host: '127.0.0.1', port: https, certificate: null });
  try {
    await client.login('root', host.password);
    const machines = (await client.find('VirtualMachine', ['name'])).map(({ object }) => object);
    const free = { reservation: 0n, limit: -1n, shares: { level: 'normal' as const, shares: 0 } };
    for (const vm of machines) {
      const spec = { cpuAllocation: free, cpuAffinity: { affinitySet: [] } };
      await client.waitForTask(await client.call(vm, 'ReconfigVM_Task', { spec }));
    }
    const allocation = { ...free, expandableReservation: true };
    const spec = (cpuLimit: bigint) => ({
      cpuAllocation: { ...allocation, limit: cpuLimit },
      memoryAllocation: allocation,
    });
    const root = (await client.find('ResourcePool', ['name']))[0]?.object;
    if (root === undefined) throw new Error('there is no root resource pool');
    const outer = await client.call(root, 'CreateResourcePool', {
      name: 'quarter',
      spec: spec(BigInt(limit)),
    });
    const inner = await client.call(outer, 'CreateResourcePool', { name: 'inner', spec: spec(-1n) });
    await client.call(inner, 'MoveIntoResourcePool', { list: machines });
    await delay(1000);
    // A bucket holds two quanta, which both may use at once, and a look at the clocks comes a moment late.
    const most = await mostIn(10_000, pids, 12_000);
    expect(most).toBeLessThan(2_500_000 * 1.01 + 60_000);
    await client.call(outer, 'UpdateConfig', { config: spec(-1n) });
    expect(await mostIn(3000, pids, 3500)).toBeGreaterThan(750_000 * 1.3);
    await client.waitForTask(await client.call(outer, 'Destroy_Task', {}));
  } finally {
    client.close();
  }
});

it('ends what it made, once', async () => {
  const ended = await demo('--end');
  expect(ended.stdout.toString()).toContain('demo-high is gone');
  expect((await kernel.call('listVms', {})).vms).toEqual([]);
  expect((await kernel.files.list('/vmfs/volumes/storage1')).map(({ name }) => name)).toEqual([]);
  expect((await demo('--end')).stdout.toString()).toContain('there was no demo-high');
});
