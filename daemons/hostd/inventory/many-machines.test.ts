import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { PropertyFilterSpec, TraversalSpec } from '../../../lib/vim/index.js';
import type { ObjectClass, PropertyReader } from '../../../lib/vim-server/index.js';
import { folderClass } from '../mo/folder.js';
import { moids } from '../mo/moids.js';
import { virtualMachineClass } from '../mo/virtual-machine.js';
import { linuxVmdk, linuxVmx, TestHost } from '../testing/test-host.js';

/** Counts the reads of a class's properties until `end`. */
class ReadCount {
  count = 0;
  readonly #undo: (() => void)[] = [];

  constructor(...classes: readonly ObjectClass[]) {
    for (const { properties } of classes) {
      const readers = properties as Map<string, PropertyReader>;
      for (const [name, read] of [...readers]) {
        readers.set(name, (...args) => {
          this.count += 1;
          return read(...args);
        });
        this.#undo.push(() => readers.set(name, read));
      }
    }
  }

  end(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }
}

let test: TestHost;
let reads: ReadCount | undefined;
afterEach(async () => {
  reads?.end();
  await test.stop();
});

function putMachine(index: number): void {
  const uuid = `56 4d 01 02 03 04 05 06-07 08 09 0a 00 00 ${index.toString(16).padStart(4, '0').replace(/^../, '$& ')}`;
  const vmx = linuxVmx.replace('"linux"', `"vm${index}"`).replace(/uuid.bios = .*/, `uuid.bios = "${uuid}"`);
  test.kernel.putFile(`vm${index}/vm.vmx`, vmx);
  test.kernel.putFile(`vm${index}/linux.vmdk`, linuxVmdk);
}

/** A host that starts with so many machines. */
async function startWith(count: number): Promise<void> {
  test = await TestHost.start();
  test.host.close();
  for (let index = 0; index <= count; index += 1) putMachine(index);
  const rows = Array.from({ length: count }, (_, index) => {
    const path = `/vmfs/volumes/${test.kernel.volume}/vm${index}/vm.vmx`;
    return `<ConfigEntry id="${index}"><objID>${16 * (index + 1)}</objID><vmxCfgPath>${path}</vmxCfgPath></ConfigEntry>`;
  });
  writeFileSync(join(test.folder, 'vmInventory.xml'), `<ConfigRoot>${rows.join('')}</ConfigRoot>`);
  await test.boot();
}

/** Follows the power of all machines through a view. @returns waits for the next update */
async function followPower(session: string): Promise<() => Promise<unknown>> {
  const args = { container: moids.rootFolder, type: ['VirtualMachine'], recursive: true };
  const view = await test.call(moids.viewManager, 'CreateContainerView', args, { session });
  const throughView: TraversalSpec = { _type: 'TraversalSpec', type: 'ContainerView', path: 'view' };
  const spec: PropertyFilterSpec = {
    propSet: [{ type: 'VirtualMachine', pathSet: ['name', 'runtime.powerState'] }],
    objectSet: [{ obj: view, skip: true, selectSet: [throughView] }],
  };
  const collector = await test.call(moids.propertyCollector, 'CreatePropertyCollector', {}, { session });
  await test.call(collector, 'CreateFilter', { spec, partialUpdates: true }, { session });
  let version = '';
  return async () => {
    const set = await test.call(collector, 'WaitForUpdates', { version }, { session });
    version = set.version;
    return set.filterSet?.[0]?.objectSet;
  };
}

/** Property reads and VMkernel calls of a power-on and of a registration that a client follows. */
async function costOf(count: number) {
  await startWith(count);
  await test.host.inventory.looked();
  const session = await test.login();
  const next = await followPower(session);
  expect(await next()).toHaveLength(count);
  const vm = await test.call(
    moids.searchIndex,
    'FindChild',
    { entity: moids.vmFolder, name: 'vm1' },
    { session },
  );
  if (vm === undefined) throw new Error('vm1 is not there');
  const cost = async (work: () => Promise<unknown>) => {
    reads = new ReadCount(virtualMachineClass, folderClass);
    const before = test.kernel.calls.length;
    await work();
    await test.host.inventory.settled();
    await test.host.inventory.looked();
    reads.end();
    return { reads: reads.count, calls: test.kernel.calls.length - before };
  };
  const powerOn = await cost(async () => {
    const told = next();
    await test.finish(session, await test.call(vm, 'PowerOnVM_Task', {}, { session }));
    expect(await told).toMatchObject([{ kind: 'modify', obj: vm }]);
  });
  const register = await cost(async () => {
    const told = next();
    const registered = await test.register(session, `[storage1] vm${count}/vm.vmx`);
    expect(await told).toMatchObject([{ kind: 'enter', obj: registered }]);
  });
  return { powerOn, register };
}

it('reads and asks as much for a change of one machine of 400 as of one of 4', async () => {
  const few = await costOf(4);
  expect(few.powerOn.reads).toBeLessThan(10);
  await test.stop();
  expect(await costOf(400)).toEqual(few);
});

it('reads the files of many machines at a time when it starts, and never of more than sixteen', async () => {
  await startWith(100);
  let most = 0;
  let open = 0;
  expect(test.host.inventory.vms().every(vm => vm.config.kind === 'read')).toBe(true);
  const { files } = test.host.link;
  const read = files.read.bind(files);
  files.read = async (...args) => {
    open += 1;
    most = Math.max(most, open);
    try {
      return await read(...args);
    } finally {
      open -= 1;
    }
  };
  test.host.inventory.refresh();
  await test.host.inventory.settled();
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(16);
});

it('tells a power state while it still reads files', async () => {
  await startWith(20);
  const session = await test.login();
  const next = await followPower(session);
  await next();
  let goOn = (): void => undefined;
  const gate = new Promise<void>(resolve => {
    goOn = resolve;
  });
  const { files } = test.host.link;
  const read = files.read.bind(files);
  files.read = (...args) => gate.then(() => read(...args));
  test.host.inventory.refresh();
  const [vm] = test.host.inventory.vms();
  if (vm === undefined) throw new Error('no machine');
  await test.host.link.call('powerOn', { vmxPath: vm.vmxPath });
  expect(await next()).toMatchObject([
    { obj: vm.ref, changeSet: [{ name: 'runtime.powerState', op: 'assign' }] },
  ]);
  goOn();
  await test.host.inventory.settled();
});
