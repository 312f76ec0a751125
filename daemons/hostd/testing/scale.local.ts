import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { ManagedObjectReference, type PropertyFilterSpec } from '../../../lib/vim/index.js';
import { moids } from '../mo/moids.js';
import { linuxVmdk, linuxVmx, TestHost } from './test-host.js';

/**
 * What hostd's work costs by the number of machines, over the VMkernel double. Prints a row per number.
 * usage: node dist/daemons/hostd/testing/scale.js [N …]
 */
const rounds = 40;
const sessions = 500;

function putMachine(test: TestHost, index: number): void {
  const name = `vm${index}`;
  const uuid = `56 4d 01 02 03 04 05 06-07 08 09 0a ${index.toString(16).padStart(8, '0').replace(/../g, '$& ').trim()}`;
  const vmx = linuxVmx.replace('"linux"', `"${name}"`).replace(/uuid.bios = .*/, `uuid.bios = "${uuid}"`);
  test.kernel.putFile(`${name}/linux.vmx`, vmx);
  test.kernel.putFile(`${name}/linux.vmdk`, linuxVmdk);
}

function inventoryText(test: TestHost, count: number): string {
  const rows = Array.from({ length: count }, (_, index) => {
    const path = `/vmfs/volumes/${test.kernel.volume}/vm${index}/linux.vmx`;
    return `<ConfigEntry id="${index}"><objID>${16 * (index + 1)}</objID><vmxCfgPath>${path}</vmxCfgPath></ConfigEntry>`;
  });
  return `<ConfigRoot>${rows.join('')}</ConfigRoot>`;
}

async function viewFilter(test: TestHost, session: string): Promise<void> {
  const args = { container: moids.rootFolder, type: ['VirtualMachine'], recursive: true };
  const view = await test.call(moids.viewManager, 'CreateContainerView', args, { session });
  const selectSet = [
    { _type: 'TraversalSpec', type: 'ContainerView', path: 'view', skip: false },
  ] as PropertyFilterSpec['objectSet'][0]['selectSet'];
  const spec: PropertyFilterSpec = {
    propSet: [{ type: 'VirtualMachine', all: false, pathSet: ['name', 'runtime.powerState'] }],
    objectSet: [{ obj: view, skip: true, selectSet }],
  };
  const filter = { spec, partialUpdates: true };
  await test.call(moids.propertyCollector, 'CreateFilter', filter, { session });
}

/** Milliseconds that each of several runs took, the middle one. */
async function median(count: number, run: (index: number) => Promise<number>): Promise<string> {
  const all: number[] = [];
  for (let index = 0; index < count; index += 1) all.push(await run(index));
  return (all.sort((a, b) => a - b)[Math.floor(count / 2)] ?? 0).toFixed(2);
}

const rssMb = (): string => (process.memoryUsage().rss / 2 ** 20).toFixed(0);

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function measure(count: number): Promise<Record<string, string | number>> {
  const test = await TestHost.start();
  test.host.close();
  for (let index = 0; index < count + rounds + 10; index += 1) putMachine(test, index);
  writeFileSync(join(test.folder, 'vmInventory.xml'), inventoryText(test, count));
  const cpu0 = process.cpuUsage();
  const startMs = (await timed(() => test.boot())).toFixed(0);
  const startUsed = process.cpuUsage(cpu0);
  const startCpu = ((startUsed.user + startUsed.system) / 1000).toFixed(0);
  if (process.env['ONLY_START'] !== undefined) {
    await test.stop();
    return { startMs, startCpu, calls: test.kernel.calls.length, rss: rssMb() };
  }
  const rssAfterStart = rssMb();
  const session = await test.login();
  await viewFilter(test, session);
  const wait = (version: string) =>
    test.call(moids.propertyCollector, 'WaitForUpdates', { version }, { session });
  let version = '';
  const fullMs = (
    await timed(async () => {
      version = (await wait('')).version;
    })
  ).toFixed(0);
  const powerMs = await median(rounds, async index => {
    const vm = test.host.inventory.vms()[index % Math.min(count, 2 * rounds)];
    if (vm === undefined) throw new Error('no machine');
    const waiting = wait(version);
    await new Promise(resolve => setImmediate(resolve));
    return await timed(async () => {
      if (vm.run !== undefined) vm.setRun(undefined);
      else
        vm.setRun({
          worldId: 2000 + index,
          name: vm.name,
          vmxPath: vm.vmxPath,
          state: 'poweredOn',
          pid: 1,
          memoryMb: 64,
          bootTimeMs: 1_225_000_100_000,
        });
      ({ version } = await waiting);
    });
  });
  await test.host.inventory.settled();
  const cpu = process.cpuUsage();
  const registerMs = await median(rounds, index =>
    timed(async () => {
      await test.register(session, `[storage1] vm${count + index}/linux.vmx`);
    }),
  );
  const used = process.cpuUsage(cpu);
  const registerCpuMs = ((used.user + used.system) / 1000 / rounds).toFixed(2);
  const many: string[] = [];
  for (let index = 0; index < sessions; index += 1) {
    const key = await test.login();
    many.push(key);
    const vm = new ManagedObjectReference('VirtualMachine', String(16 * ((index % count) + 1)));
    const spec: PropertyFilterSpec = {
      propSet: [{ type: 'VirtualMachine', all: false, pathSet: ['runtime.powerState'] }],
      objectSet: [{ obj: vm, skip: false }],
    };
    await test.call(
      moids.propertyCollector,
      'CreateFilter',
      { spec, partialUpdates: true },
      { session: key },
    );
    await test.call(moids.propertyCollector, 'CheckForUpdates', { version: '' }, { session: key });
  }
  const rssSessions = rssMb();
  const full = 40;
  const fullMsAll: number[] = [];
  for (let index = 0; index < full; index += 1) {
    const key = await test.login();
    await viewFilter(test, key);
    // Without the XML of the reply: what the server itself holds and does.
    const live = test.host.sessions.find(key);
    const collector = live?.find(moids.propertyCollector.value) as unknown as { check(v: string): unknown };
    fullMsAll.push(await timed(async () => collector.check('')));
  }
  (globalThis as { gc?: () => void }).gc?.();
  const rssFull = rssMb();
  const fullStateMs = fullMsAll.sort((a, b) => a - b)[full / 2]?.toFixed(1);
  const registerFollowed = await median(10, index =>
    timed(async () => {
      await test.register(session, `[storage1] vm${count + rounds + index}/linux.vmx`);
    }),
  );
  await test.stop();
  return { rssFull, fullStateMs: fullStateMs ?? '', registerFollowed, machines: count, startMs, rssAfterStart, fullMs, powerMs, registerMs, registerCpuMs, rssSessions };
}

const counts = process.argv.slice(2).map(Number);
const table: Record<string, string | number>[] = [];
for (const count of counts.length === 0 ? [10, 1000, 5000] : counts) table.push(await measure(count));
process.stdout.write(`${JSON.stringify(table, undefined, 1)}\n`);
