import { afterEach, beforeEach, expect, it } from 'vitest';
import type {
  TaskInfo,
  VirtualDeviceOption,
  VirtualMachineConfigOption,
  VirtualMachineConfigSpec,
} from '../../../lib/vim/index.js';
import { faultOf, TestHost } from '../testing/test-host.js';
import { adapter, added, lsiController, serialPipe } from '../testing/vm-specs.js';
import { moids } from './moids.js';

let test: TestHost;
let session: string;

beforeEach(async () => {
  test = await TestHost.start();
  session = await test.login();
});

afterEach(async () => {
  await test.stop();
  expect(test.errors).toEqual([]);
});

const { environmentBrowser: browser } = moids;

async function create(spec: VirtualMachineConfigSpec): Promise<TaskInfo> {
  const config = { name: `vm ${Math.random()}`, files: { vmPathName: '[storage1]' }, ...spec };
  const args = { config, pool: moids.rootPool };
  return test.finish(session, await test.call(moids.vmFolder, 'CreateVM_Task', args, { session }));
}

async function option(version: '2.5' | '4.1' = '2.5'): Promise<VirtualMachineConfigOption> {
  const found = await test.call(browser, 'QueryConfigOption', {}, { session, version });
  if (found === undefined) throw new Error('there is no option');
  return found;
}

function deviceOption(
  found: VirtualMachineConfigOption,
  type: string,
): VirtualDeviceOption & Record<string, unknown> {
  const one = found.hardwareOptions.virtualDeviceOption.find(device => device.type === type);
  if (one === undefined) throw new Error(`there is no ${type}`);
  return one as VirtualDeviceOption & Record<string, unknown>;
}

it('tells one hardware version, the default, made here', async () => {
  const descriptors = await test.call(browser, 'QueryConfigOptionDescriptor', {}, { session });
  expect(descriptors).toMatchObject([{ key: 'vmx-04', createSupported: true, defaultConfigOption: true }]);
  expect(await test.call(browser, 'QueryConfigOption', { key: 'vmx-07' }, { session })).toBeUndefined();
  expect((await option('4.1')).version).toBe('vmx-04');
});

it('tells the limits that CreateVM_Task keeps', async () => {
  const { hardwareOptions } = await option();
  const { memoryMB, numCPU } = hardwareOptions;
  const largest = Number(memoryMB.max);
  expect((await create({ memoryMB: largest })).state).toBe('success');
  expect((await create({ memoryMB: largest + 4 })).state).toBe('error');
  expect((await create({ memoryMB: Number(memoryMB.min) })).state).toBe('success');
  expect((await create({ memoryMB: Number(memoryMB.min) - 4 })).state).toBe('error');
  expect((await create({ numCPUs: Math.max(...numCPU) })).state).toBe('success');
  expect((await create({ numCPUs: Math.max(...numCPU) + 1 })).state).toBe('error');
});

it.each([
  ['VirtualPCIController', 'numEthernetCards', () => added(adapter())],
  ['VirtualSIOController', 'numSerialPorts', () => added(serialPipe())],
  ['VirtualPCIController', 'numSCSIControllers', (busNumber: number) => added(lsiController({ busNumber }))],
] as const)('tells of %s the %s that CreateVM_Task keeps', async (type, field, make) => {
  const { max } = deviceOption(await option(), type)[field] as { max: number };
  const devices = (count: number) => Array.from({ length: count }, (_, index) => make(index));
  expect((await create({ deviceChange: devices(max) })).state).toBe('success');
  expect((await create({ deviceChange: devices(max + 1) })).state).toBe('error');
});

it('offers only guests that a machine can be made with', async () => {
  const { guestOSDescriptor, guestOSDefaultIndex } = await option();
  expect(guestOSDescriptor[guestOSDefaultIndex]?.id).toBe('winNetStandardGuest');
  for (const { id } of guestOSDescriptor.slice(0, 20)) {
    expect((await create({ guestId: id })).state, id).toBe('success');
  }
});

it('tells the datastores a machine can be on, and of no network before there is one', async () => {
  const target = await test.call(browser, 'QueryConfigTarget', { host: moids.host }, { session });
  expect(target).toMatchObject({
    datastore: [{ name: 'storage1', mode: 'readWrite', datastore: { accessible: true } }],
  });
  expect(target?.network ?? []).toEqual([]);
  expect(target?.numCpus).toBe(2);
});

it('is this host’s and refuses another', async () => {
  const call = test.call(browser, 'QueryConfigTarget', { host: moids.vmFolder }, { session });
  expect(await faultOf(call)).toBe('InvalidArgument');
});
