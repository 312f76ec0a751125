import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VmkernelError } from '../../../kernel/abi/index.js';
import type { ManagedObjectReference, Methods, TaskInfo } from '../../../lib/vim/index.js';
import { untyped } from '../../../lib/vim/index.js';
import { moids } from '../mo/moids.js';
import { faultOf, linuxVmx, TestHost } from '../testing/test-host.js';

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

async function register(
  path: string,
  fields: Partial<Methods['RegisterVM_Task']['args']> = {},
): Promise<TaskInfo> {
  const args = { path, asTemplate: false, pool: moids.rootPool, ...fields };
  return test.finish(session, await test.call(moids.vmFolder, 'RegisterVM_Task', args, { session }));
}

const faultType = ({ error, state }: TaskInfo): string => error?.fault._type ?? state;

function putMachine(folder: string, edit: (vmx: string) => string = vmx => vmx): string {
  test.kernel.putFile(`${folder}/${folder}.vmx`, edit(linuxVmx));
  return `[storage1] ${folder}/${folder}.vmx`;
}

describe('RegisterVM_Task', () => {
  it('refuses a second machine of a name, however they come to it', async () => {
    await register('[storage1] linux/linux.vmx');
    const copy = putMachine('copy');
    const same = await register(copy);
    expect(same.error?.fault).toMatchObject({ _type: 'DuplicateName', name: 'linux' });
    expect(faultType(await register(copy, { name: 'linux' }))).toBe('DuplicateName');
    expect(faultType(await register(copy, { name: 'copy' }))).toBe('success');
    expect(test.kernel.fileText('copy/copy.vmx')).toBe(linuxVmx.replace('"linux"', '"copy"'));
    const other = test.host.inventory.names.find('name', 'copy')[0];
    if (other === undefined) throw new Error('the copy is not registered');
    const task = await test.call(other.ref, 'Rename_Task', { newName: 'linux' }, { session });
    expect(faultType(await test.finish(session, task))).toBe('DuplicateName');
  });

  it('of one name twice at a time makes one machine', async () => {
    const paths = ['a', 'b', 'c', 'd'].map(folder => putMachine(folder));
    const results = (await Promise.all(paths.map(path => register(path)))).map(faultType).sort();
    expect(results).toEqual(['DuplicateName', 'DuplicateName', 'DuplicateName', 'success']);
  });

  it.each([
    ['no name', '', 'InvalidName'],
    ['a name of blanks', '  ', 'InvalidName'],
    ['a name of 81 letters', 'x'.repeat(81), 'InvalidName'],
  ])('refuses %s', async (_, name, fault) => {
    expect(await faultOf(register('[storage1] linux/linux.vmx', { name }))).toBe(fault);
  });

  it('of a file that cannot be read says why and registers nothing', async () => {
    test.kernel.tap = async name => {
      if (name === 'fileRead') throw new VmkernelError('PermissionDenied', 'denied', { path: 'linux.vmx' });
    };
    expect(faultType(await register('[storage1] linux/linux.vmx'))).toBe('InvalidVmConfig');
    test.kernel.tap = async () => undefined;
    expect(test.host.inventory.vms()).toEqual([]);
    expect(faultType(await register('[storage1] linux/linux.vmx'))).toBe('success');
  });

  it('of a file that another host holds ends with FileLocked and leaves it as it is', async () => {
    const path = putMachine('held', vmx => vmx.replace(/uuid.bios.*\n/, ''));
    const before = test.kernel.fileText('held/held.vmx');
    test.kernel.tap = async name => {
      if (name === 'fileWriteAtomic') throw new VmkernelError('FileLocked', 'in use', { path: 'held.vmx' });
    };
    expect(faultType(await register(path))).toBe('FileLocked');
    test.kernel.tap = async () => undefined;
    expect(test.kernel.fileText('held/held.vmx')).toBe(before);
    expect(test.host.inventory.vms()).toEqual([]);
  });

  it('makes no template on a host', async () => {
    expect(await faultOf(register('[storage1] linux/linux.vmx', { asTemplate: true }))).toBe('NotSupported');
  });
});

describe('what only VirtualCenter does', () => {
  const relocate = {};
  it.each<[keyof Methods, object]>([
    [
      'CloneVM_Task',
      {
        folder: moids.vmFolder,
        name: 'clone',
        spec: { location: relocate, template: false, powerOn: false },
      },
    ],
    ['RelocateVM_Task', { spec: relocate }],
    ['MigrateVM_Task', { priority: 'defaultPriority' }],
    ['MarkAsTemplate', {}],
  ])('is NotSupported of a machine: %s', async (method, args) => {
    const { result } = await register('[storage1] linux/linux.vmx');
    const vm = untyped(result) as ManagedObjectReference;
    expect(await faultOf(test.call(vm, method, args as never, { session }))).toBe('NotSupported');
  });
});
