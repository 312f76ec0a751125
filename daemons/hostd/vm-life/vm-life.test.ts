import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VmkernelError } from '../../../kernel/abi/index.js';
import type {
  ManagedObjectReference,
  TaskInfo,
  VirtualDevice,
  VirtualMachineConfigInfo,
  VirtualMachineConfigSpec,
} from '../../../lib/vim/index.js';
import { untyped } from '../../../lib/vim/index.js';
import { moids } from '../mo/moids.js';
import { faultOf, TestHost } from '../testing/test-host.js';
import {
  adapter,
  added,
  edited,
  flatDisk,
  isoDrive,
  lsiController,
  removed,
  serialFile,
  serialPipe,
} from '../testing/vm-specs.js';

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

const files = () => [...test.kernel.files.keys()].map(path => path.split('/').slice(4).join('/')).sort();

async function create(config: VirtualMachineConfigSpec): Promise<TaskInfo> {
  const args = {
    config: { name: 'web', files: { vmPathName: '[storage1]' }, ...config },
    pool: moids.rootPool,
  };
  return test.finish(session, await test.call(moids.vmFolder, 'CreateVM_Task', args, { session }));
}

async function created(config: VirtualMachineConfigSpec = {}): Promise<ManagedObjectReference> {
  const { error, result } = await create(config);
  expect(error).toBeUndefined();
  return untyped(result) as ManagedObjectReference;
}

async function reconfigure(vm: ManagedObjectReference, spec: VirtualMachineConfigSpec): Promise<TaskInfo> {
  return test.finish(session, await test.call(vm, 'ReconfigVM_Task', { spec }, { session }));
}

const faultType = (info: TaskInfo): string => info.error?.fault._type ?? info.state;

describe('CreateVM_Task', () => {
  it('makes folder, disks and configuration file, and describes the machine by them', async () => {
    const vm = await created({
      guestId: 'rhel4Guest',
      numCPUs: 2,
      memoryMB: 256,
      annotation: 'first\nsecond',
      deviceChange: [
        added(flatDisk({ controllerKey: -100, key: -2 }, { thinProvisioned: true }), 'create'),
        added(lsiController()),
        added(isoDrive()),
        added(adapter()),
        added(serialPipe()),
      ],
    });
    expect(files()).toEqual([
      'linux/linux.vmdk',
      'linux/linux.vmx',
      'web/web-flat.vmdk',
      'web/web.vmdk',
      'web/web.vmx',
    ]);
    const vmx = test.kernel.fileText('web/web.vmx') ?? '';
    for (const line of [
      'displayName = "web"',
      'guestOS = "rhel4"',
      'memsize = "256"',
      'numvcpus = "2"',
      'annotation = "first|0Asecond"',
      'scsi0.virtualDev = "lsilogic"',
      'scsi0:0.fileName = "web.vmdk"',
      'scsi0:0.deviceType = "scsi-hardDisk"',
      'ide1:0.deviceType = "cdrom-image"',
      'ide1:0.fileName = "/vmfs/volumes/4a3f9c01-0badcafe/iso/boot.iso"',
      'serial0.fileType = "pipe"',
      'ethernet0.virtualDev = "vlance"',
    ]) {
      expect(vmx).toContain(`${line}\n`);
    }
    const config = (await test.read(session, vm, 'config')) as VirtualMachineConfigInfo;
    const tail = config.uuid.replaceAll('-', '').slice(-6).match(/../g)?.join(':');
    expect(vmx).toContain(`ethernet0.generatedAddress = "00:0c:29:${tail}"\n`);
    expect(test.kernel.fileText('web/web.vmdk')).toContain('ddb.adapterType = "lsilogic"');
    expect(test.kernel.fileText('web/web.vmdk')).toContain('RW 204800 VMFS "web-flat.vmdk"');
    const device = (key: number) =>
      (config.hardware.device ?? []).find(one => one.key === key) as VirtualDevice & Record<string, unknown>;
    expect(device(2000)).toMatchObject({
      deviceInfo: { label: 'Hard disk 1' },
      controllerKey: 1000,
      unitNumber: 0,
      capacityInKB: 102_400,
      backing: { fileName: '[storage1] web/web.vmdk', thinProvisioned: true },
    });
    expect(device(3002)).toMatchObject({ backing: { fileName: '[storage1] iso/boot.iso' } });
    expect(device(4000)).toMatchObject({
      deviceInfo: { label: 'Network adapter 1' },
      addressType: 'generated',
    });
    expect(device(9000)).toMatchObject({ backing: { pipeName: 'com1', endpoint: 'server' } });
  });

  it('gives a second machine of the name a folder beside a foreign one, and its name to nobody else', async () => {
    test.kernel.putFile('web/notes.txt', 'mine');
    await created();
    expect(files()).toContain('web_1/web.vmx');
    expect(faultType(await create({}))).toBe('DuplicateName');
    expect(files()).not.toContain('web_2/web.vmx');
  });

  it('leaves nothing behind when a disk cannot be made', async () => {
    const before = files();
    test.kernel.putFile('web/web_1.vmdk', 'a foreign disk');
    const deviceChange = [
      added(flatDisk({}, { fileName: '[storage1] web/a.vmdk' }), 'create'),
      added(flatDisk({ unitNumber: 1 }, { fileName: '[storage1] nowhere/b.vmdk' }), 'create'),
    ];
    const info = await create({ files: { vmPathName: '[storage1] web/web.vmx' }, deviceChange });
    expect(faultType(info)).toBe('FileNotFound');
    expect(files()).toEqual([...before, 'web/web_1.vmdk']);
    expect(test.host.inventory.vms()).toHaveLength(0);
  });
});

describe('a task that makes disks', () => {
  it('can be cancelled while it does, and leaves nothing', async () => {
    const before = files();
    let release = (): void => undefined;
    const reached = new Promise<void>(resolve => {
      test.kernel.tap = async (name, at) => {
        if (name !== 'diskCreate' || at !== 'before') return;
        resolve();
        await new Promise<void>(go => {
          release = go;
        });
        throw new VmkernelError('Cancelled', 'cancelled');
      };
    });
    const config = {
      name: 'web',
      files: { vmPathName: '[storage1]' },
      deviceChange: [added(flatDisk(), 'create')],
    };
    const args = { config, pool: moids.rootPool };
    const task = await test.call(moids.vmFolder, 'CreateVM_Task', args, { session });
    await reached;
    await test.call(task, 'CancelTask', {}, { session });
    release();
    const info = await test.finish(session, task);
    expect(info).toMatchObject({ state: 'error', error: { fault: { _type: 'RequestCanceled' } } });
    expect(files()).toEqual(before);
  });
});

describe('ReconfigVM_Task', () => {
  it('changes what the spec names and leaves every other line as it is', async () => {
    const vm = await test.register(session);
    const before = test.kernel.fileText('linux/linux.vmx') ?? '';
    expect(faultType(await reconfigure(vm, { memoryMB: 128 }))).toBe('success');
    const after = before.replace('memsize = "64"', 'memsize = "128"');
    expect(test.kernel.fileText('linux/linux.vmx')).toBe(after);
    expect(await test.read(session, vm, 'config.hardware.memoryMB')).toBe(128);
  });

  it('refuses a spec made for another version of the configuration', async () => {
    const vm = await test.register(session);
    const changeVersion = (await test.read(session, vm, 'config.changeVersion')) as string;
    expect(faultType(await reconfigure(vm, { changeVersion, memoryMB: 128 }))).toBe('success');
    expect(faultType(await reconfigure(vm, { changeVersion, memoryMB: 256 }))).toBe('ConcurrentAccess');
    expect(test.kernel.fileText('linux/linux.vmx')).toContain('memsize = "128"');
  });

  it('of fifty clients happens in an order, and each change is whole', async () => {
    const vm = await test.register(session);
    const specs = Array.from({ length: 50 }, (_, client) => {
      const text = String(client);
      const extraConfig = ['a', 'b', 'c'].map(name => ({ key: `client.${name}`, value: text }));
      return { annotation: text, extraConfig: [...extraConfig, { key: `client.n${client}`, value: text }] };
    });
    const results = await Promise.all(specs.map(spec => reconfigure(vm, spec)));
    expect(results.map(faultType)).toEqual(results.map(() => 'success'));
    const vmx = test.kernel.fileText('linux/linux.vmx') ?? '';
    const last = /annotation = "(\d+)"/.exec(vmx)?.[1];
    for (const name of ['a', 'b', 'c']) expect(vmx).toContain(`client.${name} = "${last}"`);
    expect(vmx.match(/^client\.n\d+ = /gm)).toHaveLength(50);
    expect(vmx.match(/^annotation = /gm)).toHaveLength(1);
  });

  it('lets one of fifty win who all saw the same version', async () => {
    const vm = await test.register(session);
    const changeVersion = (await test.read(session, vm, 'config.changeVersion')) as string;
    const all = Array.from({ length: 50 }, (_, n) => reconfigure(vm, { changeVersion, annotation: `n${n}` }));
    const results = (await Promise.all(all)).map(faultType).sort();
    expect(results).toEqual([...Array(49).fill('ConcurrentAccess'), 'success']);
  });

  it('refuses what would make the file larger than it is ever read', async () => {
    const vm = await test.register(session);
    const before = test.kernel.fileText('linux/linux.vmx');
    const keys = Array.from({ length: 2000 }, (_, n) => ({ key: `q${n}`, value: 'x'.repeat(1000) }));
    expect(faultType(await reconfigure(vm, { extraConfig: keys }))).toBe('InvalidVmConfig');
    expect(test.kernel.fileText('linux/linux.vmx')).toBe(before);
    expect(faultType(await create({ extraConfig: keys }))).toBe('InvalidVmConfig');
    expect(files()).toEqual(['linux/linux.vmdk', 'linux/linux.vmx']);
    expect(faultType(await reconfigure(vm, { memoryMB: 128 }))).toBe('success');
    await test.finish(session, await test.call(vm, 'PowerOnVM_Task', {}, { session }));
    expect(faultType(await reconfigure(vm, { extraConfig: keys }))).toBe('InvalidVmConfig');
  });

  it('adds, moves, extends and deletes disks with their files', async () => {
    const vm = await created({ deviceChange: [added(flatDisk(), 'create')] });
    const disk = (key: number, fields = {}) =>
      flatDisk({ key, ...fields }, { fileName: '[storage1] web/web.vmdk' });
    expect(
      faultType(await reconfigure(vm, { deviceChange: [edited(disk(3000, { capacityInKB: 204_800 }))] })),
    ).toBe('success');
    expect(await test.read(session, vm, 'config.hardware.device[3000].capacityInKB')).toBe(204_800);
    const shrink = await reconfigure(vm, { deviceChange: [edited(disk(3000))] });
    expect(shrink.error?.fault).toMatchObject({
      _type: 'InvalidDeviceSpec',
      deviceIndex: 0,
      property: 'virtualDeviceSpec.device.capacityInKB',
    });
    expect(
      faultType(await reconfigure(vm, { deviceChange: [added(flatDisk({ unitNumber: 1 }), 'create')] })),
    ).toBe('success');
    expect(files()).toContain('web/web_1-flat.vmdk');
    expect(faultType(await reconfigure(vm, { deviceChange: [removed(disk(3000))] }))).toBe('success');
    expect(files()).toContain('web/web.vmdk');
    const second = flatDisk({ key: 3001 });
    expect(faultType(await reconfigure(vm, { deviceChange: [removed(second, 'destroy')] }))).toBe('success');
    expect(files().filter(name => name.startsWith('web/'))).toEqual([
      'web/web-flat.vmdk',
      'web/web.vmdk',
      'web/web.vmx',
    ]);
  });
});

describe('a machine', () => {
  it('neither deletes nor replaces a disk that another machine has', async () => {
    await test.register(session);
    const fileName = '[storage1] linux/linux.vmdk';
    const vm = await created({ deviceChange: [added(flatDisk({}, { fileName }))] });
    const destroy = { deviceChange: [removed(flatDisk({ key: 3000, backing: undefined }), 'destroy')] };
    expect(faultType(await reconfigure(vm, destroy))).toBe('FileLocked');
    const replace = { deviceChange: [added(flatDisk({ unitNumber: 1 }, { fileName }), 'replace')] };
    await reconfigure(vm, { deviceChange: [removed(flatDisk({ key: 3000 }))] });
    expect(faultType(await reconfigure(vm, replace))).toBe('FileLocked');
    expect(faultType(await create({ ...replace, name: 'third' }))).toBe('FileLocked');
    expect(files()).toEqual(['linux/linux.vmdk', 'linux/linux.vmx', 'web/web.vmx']);
  });

  it.each([
    '[storage1] linux/linux.vmdk',
    '[storage1] linux/linux.vmx',
    '[storage1] linux/linux-flat.vmdk',
    '[storage1] iso/boot.iso',
  ])('does not send the output of a port to a file of another machine: %s', async file => {
    const linux = await test.register(session);
    await reconfigure(linux, { deviceChange: [added(isoDrive())] });
    const vm = await created();
    const info = await reconfigure(vm, { deviceChange: [added(serialFile(file))] });
    expect(info.error?.fault).toMatchObject({ _type: 'InvalidDeviceBacking', deviceIndex: 0 });
    const made = await create({ name: 'b', deviceChange: [added(serialFile(file))] });
    expect(faultType(made)).toBe('InvalidDeviceBacking');
    const other = await reconfigure(vm, { deviceChange: [added(serialFile('[storage1] linux/com1.txt'))] });
    expect(faultType(other)).toBe('success');
  });

  it('does not send the output of a port to what it has in its drives', async () => {
    const vm = await created({ deviceChange: [added(isoDrive())] });
    const port = { deviceChange: [added(serialFile('[storage1] iso/boot.iso'))] };
    expect(faultType(await reconfigure(vm, port))).toBe('InvalidDeviceBacking');
  });

  it('tells its files, what they are and what they take', async () => {
    test.kernel.putFile('linux/vmware.log', 'twelve bytes');
    test.kernel.putFile('linux/linux-flat.vmdk', 'x'.repeat(1000));
    test.kernel.putFile('linux/notes.txt', 'mine');
    const vm = await test.register(session);
    await test.call(vm, 'RefreshStorageInfo', {}, { session });
    expect(await test.read(session, vm, 'layoutEx', '4.1')).toMatchObject({
      file: [
        { key: 0, name: '[storage1] linux/linux.vmx', type: 'config' },
        { key: 1, name: '[storage1] linux/linux.vmdk', type: 'diskDescriptor' },
        { key: 2, name: '[storage1] linux/vmware.log', type: 'log', size: 12 },
        { key: 3, name: '[storage1] linux/linux-flat.vmdk', type: 'diskExtent', size: 1000 },
      ],
      disk: [{ key: 3000, chain: [{ fileKey: [1, 3] }] }],
    });
    const committed = ['linux.vmx', 'linux.vmdk', 'vmware.log', 'linux-flat.vmdk']
      .map(name => test.kernel.fileText(`linux/${name}`)?.length ?? 0)
      .reduce((sum, size) => sum + size, 0);
    expect(await test.read(session, vm, 'storage.perDatastoreUsage', '4.1')).toMatchObject([{ committed }]);
    expect(await test.read(session, vm, 'layout.logFile')).toEqual(['vmware.log']);
  });

  it('is renamed and keeps its files', async () => {
    const vm = await test.register(session);
    const info = await test.finish(
      session,
      await test.call(vm, 'Rename_Task', { newName: 'a/b' }, { session }),
    );
    expect(info.state).toBe('success');
    expect(await test.read(session, vm, 'name')).toBe('a%2fb');
    expect(files()).toEqual(['linux/linux.vmdk', 'linux/linux.vmx']);
  });

  it('is destroyed with its own files and nothing else', async () => {
    test.kernel.putFile('linux/notes.txt', 'mine');
    test.kernel.putFile('linux/vmware-1.log', 'log');
    test.kernel.putFile('linux/linux.nvram', 'nvram');
    test.kernel.putFile('linux/linux2.vmdk', 'another disk');
    const vm = await test.register(session);
    const outside = flatDisk({ unitNumber: 1 }, { fileName: '[storage1] other/data.vmdk' });
    test.kernel.putFile('other/data.vmdk', 'somebody’s');
    expect(faultType(await reconfigure(vm, { deviceChange: [added(outside)] }))).toBe('success');
    const info = await test.finish(session, await test.call(vm, 'Destroy_Task', {}, { session }));
    expect(info.error).toBeUndefined();
    expect(files()).toEqual(['linux/linux2.vmdk', 'linux/notes.txt', 'other/data.vmdk']);
    expect(await faultOf(test.read(session, vm, 'name'))).toBe('ManagedObjectNotFound');
  });

  it('whose configuration cannot be read is not destroyed, as nobody would know its disks', async () => {
    const vm = await created({ deviceChange: [added(flatDisk(), 'create')] });
    test.kernel.putFile('web/web.vmx', `${test.kernel.fileText('web/web.vmx')}${'#\n'.repeat(1 << 19)}`);
    const info = await test.finish(session, await test.call(vm, 'Destroy_Task', {}, { session }));
    expect(faultType(info)).toBe('InvalidState');
    expect(await test.read(session, vm, 'runtime.connectionState')).toBe('invalid');
    expect(files()).toContain('web/web.vmdk');
  });

  it('is destroyed out of a folder that a running machine holds', async () => {
    const vm = await created({ files: { vmPathName: '[storage1] linux/web.vmx' } });
    test.kernel.tap = async (name, at) => {
      if (name === 'fileRemove' && at === 'before' && !files().includes('linux/web.vmx'))
        throw new VmkernelError('FileLocked', 'in use', { path: 'linux' });
    };
    const info = await test.finish(session, await test.call(vm, 'Destroy_Task', {}, { session }));
    expect(info.error).toBeUndefined();
    expect(files()).toEqual(['linux/linux.vmdk', 'linux/linux.vmx']);
  });

  it('takes its folder with it when nothing is left there', async () => {
    const vm = await created({ deviceChange: [added(flatDisk(), 'create')] });
    await test.finish(session, await test.call(vm, 'Destroy_Task', {}, { session }));
    expect(files()).toEqual(['linux/linux.vmdk', 'linux/linux.vmx']);
    expect([...test.kernel.folders].some(folder => folder.endsWith('/web'))).toBe(false);
  });

  it('that runs is neither destroyed nor given other hardware', async () => {
    const vm = await test.register(session);
    await test.finish(session, await test.call(vm, 'PowerOnVM_Task', {}, { session }));
    const destroyed = await test.finish(session, await test.call(vm, 'Destroy_Task', {}, { session }));
    expect(faultType(destroyed)).toBe('InvalidPowerState');
    const grown = await reconfigure(vm, { deviceChange: [added(flatDisk({ unitNumber: 1 }), 'create')] });
    expect(faultType(grown)).toBe('InvalidPowerState');
    expect(files()).toEqual(['linux/linux.vmdk', 'linux/linux.vmx']);
  });
});
