import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VmkernelError } from '../../kernel/abi/index.js';
import {
  ManagedObjectReference,
  type ObjectContent,
  untyped,
  type VirtualMachineConfigInfo,
} from '../../lib/vim/index.js';
import { moids } from './mo/moids.js';
import { faultOf, linuxVmx, SeenFault, TestHost } from './testing/test-host.js';

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

describe('sessions', () => {
  it('let only a valid password of a user with a role in', async () => {
    const login = (userName: string, password: string) =>
      test.call(moids.sessionManager, 'Login', { userName, password });
    expect(await faultOf(login('root', 'wrong'))).toBe('InvalidLogin');
    expect(await faultOf(login('guest', 'guest-password'))).toBe('NoPermission');
  });

  it('give everybody the service content and nobody else the inventory', async () => {
    const content = await test.call(moids.serviceInstance, 'RetrieveServiceContent', {});
    expect(content.about).toMatchObject({
      fullName: 'VMware ESX Server 3.5.0 build-153875',
      productLineId: 'esx',
    });
    expect(await faultOf(test.read('', moids.vmFolder, 'name'))).toBe('NotAuthenticated');
    expect(await faultOf(test.call(moids.serviceInstance, 'CurrentTime', {}))).toBe('NotAuthenticated');
    expect(await test.read('', moids.sessionManager, 'currentSession')).toBeUndefined();
  });

  it('name the object to who asks for an unknown one without a login', async () => {
    const ghost = new ManagedObjectReference('VirtualMachine', 'ghost');
    const fault = await test.read('', ghost, 'name').catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(SeenFault);
    expect((fault as SeenFault).detail).toMatchObject({ _type: 'NotAuthenticated', object: ghost });
    expect(await faultOf(test.read(session, ghost, 'name'))).toBe('ManagedObjectNotFound');
  });

  it('end with Logout, and a call that waits in them ends with NotAuthenticated', async () => {
    const waiting = faultOf(test.call(moids.propertyCollector, 'WaitForUpdates', {}, { session }));
    await test.call(moids.sessionManager, 'Logout', {}, { session });
    expect(await waiting).toBe('NotAuthenticated');
    expect(await faultOf(test.call(moids.serviceInstance, 'CurrentTime', {}, { session }))).toBe(
      'NotAuthenticated',
    );
  });

  it('begin with a local ticket once, by a password that only the user can read', async () => {
    const ticket = await test.call(moids.sessionManager, 'AcquireLocalTicket', { userName: 'root' });
    expect(statSync(ticket.passwordFilePath).mode & 0o777).toBe(0o600);
    const password = readFileSync(ticket.passwordFilePath, 'utf8');
    const login = () => test.call(moids.sessionManager, 'Login', { userName: 'root', password });
    expect((await login()).userName).toBe('root');
    expect(await faultOf(login())).toBe('InvalidLogin');
    expect(await faultOf(test.call(moids.sessionManager, 'AcquireLocalTicket', { userName: 'nobody' }))).toBe(
      'InvalidLogin',
    );
  });
});

describe('methods', () => {
  it('answer MethodNotFound for another type and for a version that has them not yet', async () => {
    const options = { session };
    expect(await faultOf(test.call(moids.vmFolder, 'PowerOnVM_Task', {}, options))).toBe('MethodNotFound');
    const ex = test.call(moids.propertyCollector, 'CreatePropertyCollector', {}, { session, version: '2.5' });
    expect(await faultOf(ex)).toBe('MethodNotFound');
  });

  it('read a property of any object by Fetch', async () => {
    const fetch = (prop: string, options = { session }) =>
      test.call(moids.vmFolder, 'Fetch', { prop }, options);
    expect(untyped(await fetch('name'))).toBe('vm');
    expect(await faultOf(fetch('nothing'))).toBe('InvalidProperty');
    expect(await faultOf(fetch('name', { session: '' }))).toBe('NotAuthenticated');
  });

  it('answer NotSupported when they are not built', async () => {
    const args = { licenseKey: '' };
    expect(await faultOf(test.call(moids.licenseManager, 'RemoveLicense', args, { session }))).toBe(
      'NotSupported',
    );
  });
});

describe('registration', () => {
  it('makes a machine that is described by its files', async () => {
    const vm = await test.register(session);
    expect(vm.value).toBe('16');
    const config = (await test.read(session, vm, 'config')) as VirtualMachineConfigInfo;
    expect(config).toMatchObject({
      name: 'linux',
      version: 'vmx-04',
      guestId: 'other26xLinuxGuest',
      uuid: '564d0102-0304-0506-0708-090a0b0c0d0e',
      files: { vmPathName: '[storage1] linux/linux.vmx' },
      hardware: { numCPU: 1, memoryMB: 64 },
    });
    expect(config.extraConfig?.map(option => option.key)).toContain('someone.elses');
    expect(await test.read(session, vm, 'config.hardware.device[3000]')).toMatchObject({
      _type: 'VirtualDisk',
      deviceInfo: { label: 'Hard disk 1' },
      capacityInKB: 102_400,
      backing: { fileName: '[storage1] linux/linux.vmdk', diskMode: 'persistent' },
    });
    expect(test.kernel.fileText('linux/linux.vmx')).toBe(linuxVmx);
  });

  it('gives a machine without a UUID one, and keeps the rest of its file', async () => {
    test.kernel.putFile('a/a.vmx', 'displayName = "a"\nfoo = "bar"\n');
    const vm = await test.register(session, '/vmfs/volumes/storage1/a/a.vmx');
    const text = test.kernel.fileText('a/a.vmx') ?? '';
    expect(text).toMatch(/^displayName = "a"\nfoo = "bar"\nuuid\.bios = "56 4d( [0-9a-f]{2}){6}-/);
    expect(await test.read(session, vm, 'config.uuid')).toMatch(/^564d/);
  });

  it.each([
    ['[storage1] linux/linux.vmx', 'AlreadyExists'],
    ['[storage1] no/such.vmx', 'FileNotFound'],
    ['[storage1] broken/broken.vmx', 'InvalidVmConfig'],
  ])('of %s ends with %s', async (path, fault) => {
    test.kernel.putFile('broken/broken.vmx', 'displayName = "unterminated\n');
    await test.register(session);
    expect(await faultOf(test.register(session, path))).toBe(fault);
    expect(test.host.inventory.vms()).toHaveLength(1);
  });

  it.each([
    ['[storage1] ../../etc/passwd.vmx', 'InvalidDatastorePath'],
    ['linux.vmx', 'InvalidDatastorePath'],
    ['[storage1] linux/linux.vmdk', 'InvalidDatastorePath'],
    ['[nowhere] linux/linux.vmx', 'InvalidDatastore'],
  ])('refuses %s with %s', async (path, fault) => {
    expect(await faultOf(test.startRegister(session, path))).toBe(fault);
  });

  it('makes one machine of two registrations at a time', async () => {
    const both = await Promise.allSettled([test.register(session), test.register(session)]);
    expect(both.map(one => one.status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('outlives hostd, and so does the power state', async () => {
    const vm = await test.register(session);
    await test.finish(session, await test.call(vm, 'PowerOnVM_Task', {}, { session }));
    test.host.close();
    await test.boot();
    session = await test.login();
    expect(await test.read(session, vm, 'name')).toBe('linux');
    expect(await test.read(session, vm, 'runtime.powerState')).toBe('poweredOn');
  });

  it('ends with UnregisterVM, not while the machine is on, and its moid is not given again', async () => {
    const vm = await test.register(session);
    await test.finish(session, await test.call(vm, 'PowerOnVM_Task', {}, { session }));
    expect(await faultOf(test.call(vm, 'UnregisterVM', {}, { session }))).toBe('InvalidPowerState');
    await test.finish(session, await test.call(vm, 'PowerOffVM_Task', {}, { session }));
    await test.call(vm, 'UnregisterVM', {}, { session });
    expect(await faultOf(test.read(session, vm, 'name'))).toBe('ManagedObjectNotFound');
    expect((await test.register(session)).value).toBe('32');
  });

  it('sets a broken inventory aside and starts without machines', async () => {
    test.host.close();
    const path = join(test.folder, 'vmInventory.xml');
    writeFileSync(path, '<ConfigRoot><ConfigEntry></Conf');
    await test.boot();
    expect(test.host.inventory.vms()).toEqual([]);
    expect(readFileSync(`${path}.broken`, 'utf8')).toContain('<ConfigRoot>');
    expect(String(test.errors.pop())).toContain('set aside');
  });
});

describe('power operations', () => {
  let vm: ManagedObjectReference;
  const start = (method: 'PowerOnVM_Task' | 'PowerOffVM_Task' | 'ResetVM_Task') =>
    test.call(vm, method, {}, { session });
  const run = async (method: 'PowerOnVM_Task' | 'PowerOffVM_Task' | 'ResetVM_Task') =>
    test.finish(session, await start(method));

  beforeEach(async () => {
    vm = await test.register(session);
  });

  it('end when the VMkernel says so', async () => {
    let open = (): void => undefined;
    test.kernel.gate = new Promise(resolve => {
      open = resolve;
    });
    const task = await start('PowerOnVM_Task');
    expect(await test.read(session, task, 'info.state')).toBe('running');
    expect(await test.read(session, vm, 'runtime.powerState')).toBe('poweredOff');
    expect(await faultOf(start('PowerOnVM_Task'))).toBe('TaskInProgress');
    open();
    expect((await test.finish(session, task)).state).toBe('success');
    expect(await test.read(session, vm, 'runtime.powerState')).toBe('poweredOn');
    expect((await run('ResetVM_Task')).state).toBe('success');
    expect((await run('PowerOffVM_Task')).state).toBe('success');
    expect(await test.read(session, vm, 'runtime.powerState')).toBe('poweredOff');
    expect(test.kernel.calls.map(call => call.name).filter(name => /^power|reset/.test(name))).toEqual([
      'powerOn',
      'reset',
      'powerOff',
    ]);
  });

  it('fail with InvalidPowerState in the wrong state', async () => {
    const info = await run('PowerOffVM_Task');
    expect(info.error?.fault).toMatchObject({ _type: 'InvalidPowerState', existingState: 'poweredOff' });
  });

  it.each([
    ['NumVirtualCpusNotSupported', { max: 1, count: 4 }, { maxSupportedVcpusDest: 1, numCpuVm: 4 }],
    [
      'MemorySizeNotSupported',
      { minMb: 4, maxMb: 2047, mb: 4096 },
      { memorySizeMB: 4096, maxMemorySizeMB: 2047 },
    ],
    ['FileLocked', { path: '/vmfs/x.vmx' }, { file: '/vmfs/x.vmx' }],
  ] as const)('tell the cause %s with its facts', async (code, details, fields) => {
    test.kernel.failure = new VmkernelError(code, 'the reason', details);
    const info = await run('PowerOnVM_Task');
    expect(info.error).toMatchObject({ localizedMessage: 'the reason', fault: { _type: code, ...fields } });
    expect((await run('PowerOnVM_Task')).state).toBe('success');
  });

  it('fail when the VMkernel goes away, and the host finds what runs when it is back', async () => {
    await run('PowerOnVM_Task');
    test.kernel.gate = new Promise(() => undefined);
    const task = await start('ResetVM_Task');
    test.kernel.dropConnections();
    expect((await test.finish(session, task)).error?.fault._type).toBe('HostNotConnected');
    test.kernel.running.clear();
    const spec = {
      propSet: [{ type: 'VirtualMachine', all: false, pathSet: ['runtime.powerState'] }],
      objectSet: [{ obj: vm, skip: false }],
    };
    await test.call(moids.propertyCollector, 'CreateFilter', { spec, partialUpdates: false }, { session });
    for (let version = ''; (await test.read(session, vm, 'runtime.powerState')) === 'poweredOn'; ) {
      version = (await test.call(moids.propertyCollector, 'WaitForUpdates', { version }, { session }))
        .version;
    }
    expect(await test.read(session, moids.host, 'runtime.connectionState')).toBe('connected');
  });

  it('are followed when the machine ends by itself', async () => {
    await run('PowerOnVM_Task');
    test.kernel.die(`/vmfs/volumes/${test.kernel.volume}/linux/linux.vmx`, 'trap');
    await new Promise<void>(resolve => {
      const follower = {
        note: () => {
          test.host.registry.unfollow(vm.value, follower);
          resolve();
        },
      };
      test.host.registry.follow(vm.value, follower);
    });
    expect(await test.read(session, vm, 'runtime.powerState')).toBe('poweredOff');
  });
});

describe('datastores', () => {
  it('show the space that the VMkernel sees after RefreshDatastore', async () => {
    const datastore = new ManagedObjectReference('Datastore', test.kernel.volume);
    expect(await test.read(session, datastore, 'summary')).toMatchObject({
      name: 'storage1',
      type: 'NFS',
      accessible: true,
    });
    test.kernel.freeBytes = 12_345;
    await test.call(datastore, 'RefreshDatastore', {}, { session });
    expect(await test.read(session, datastore, 'summary.freeSpace')).toBe(12_345);
    expect(await test.read(session, datastore, 'host["ha-host"].mountInfo.path')).toBe(
      `/vmfs/volumes/${test.kernel.volume}`,
    );
  });
});

describe('views and searches', () => {
  const inView = async (type: string[], recursive: boolean): Promise<string[]> => {
    const args = { container: moids.rootFolder, type, recursive };
    const view = await test.call(moids.viewManager, 'CreateContainerView', args, { session });
    const refs = (await test.read(session, view, 'view')) as ManagedObjectReference[] | undefined;
    await test.call(view, 'DestroyView', {}, { session });
    expect(await faultOf(test.read(session, view, 'view'))).toBe('ManagedObjectNotFound');
    return (refs ?? []).map(ref => ref.value);
  };

  it('list each entity once', async () => {
    await test.register(session);
    expect(await inView(['VirtualMachine'], true)).toEqual(['16']);
    expect((await inView(['ManagedEntity'], true)).filter(moid => moid === '16')).toHaveLength(1);
    expect(await inView([], false)).toEqual(['ha-datacenter']);
  });

  it('find a machine by UUID, file and place, and nothing by what is not there', async () => {
    const vm = await test.register(session);
    const uuid = '564D0102-0304-0506-0708-090a0b0c0d0e';
    const byUuid = await test.call(moids.searchIndex, 'FindByUuid', { uuid, vmSearch: true }, { session });
    expect(byUuid).toEqual(vm);
    const inventoryPath = 'ha-datacenter/vm/linux';
    expect(await test.call(moids.searchIndex, 'FindByInventoryPath', { inventoryPath }, { session })).toEqual(
      vm,
    );
    const datacenter = moids.datacenter;
    const path = '[storage1] linux/linux.vmx';
    expect(
      await test.call(moids.searchIndex, 'FindByDatastorePath', { datacenter, path }, { session }),
    ).toEqual(vm);
    expect(
      await test.call(moids.searchIndex, 'FindByUuid', { uuid: 'x', vmSearch: true }, { session }),
    ).toBeUndefined();
  });
});

describe('every property of every entity', () => {
  it.each(['2.0', '2.5', '4.1', '5.5'] as const)(
    'can be read in version %s, with all that it requires',
    async version => {
      await test.register(session);
      const all = [
        'Folder',
        'Datacenter',
        'ComputeResource',
        'HostSystem',
        'ResourcePool',
        'Datastore',
        'VirtualMachine',
      ];
      for (const type of all) {
        const objects = [...test.host.registry.all()].filter(object => object.objectClass.typeName === type);
        const objectSet = objects.map(object => ({ obj: object.ref, skip: false }));
        const specSet = [{ propSet: [{ type, all: true }], objectSet }];
        const found = await test.call(
          moids.propertyCollector,
          'RetrieveProperties',
          { specSet },
          { session, version },
        );
        expect(found?.length, type).toBeGreaterThan(0);
        for (const content of found ?? []) expect(names(content)).toContain('name');
      }
    },
  );
});

function names(content: ObjectContent): string[] {
  return (content.propSet ?? [])
    .filter(property => untyped(property.val) !== undefined)
    .map(property => property.name);
}
