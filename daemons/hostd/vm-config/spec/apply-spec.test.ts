import { describe, expect, it } from 'vitest';
import { loadVimSchema, type VirtualMachineConfigSpec } from '../../../../lib/vim/index.js';
import { VimFault } from '../../../../lib/vim-server/index.js';
import { parseVmx } from '../../../../lib/vmx/index.js';
import { invalidDatastorePath } from '../../inventory/datastore-path.js';
import {
  adapter,
  added,
  backing,
  device,
  edited,
  flatDisk,
  isoDrive,
  lsiController,
  removed,
  serialPipe,
} from '../../testing/vm-specs.js';
import { cpuAllocation } from '../allocation.js';
import { guestOsOf, identifiers } from '../guest-os.js';
import { applyConfigSpec } from './apply-spec.js';
import type { VmPlace } from './spec-context.js';

const schema = loadVimSchema();
const folderPath = '/vmfs/volumes/vol/web';

/** A machine `web` in its folder on [storage1], with web.vmdk there already. */
const place: VmPlace = {
  baseName: 'web',
  folderPath,
  resolve: text => {
    const [, file = ''] = /^\[storage1\] ?(.*)$/.exec(text) ?? [];
    if (!text.startsWith('[storage1]') || file.includes('..')) throw invalidDatastorePath(text);
    return file === '' ? '/vmfs/volumes/vol' : `/vmfs/volumes/vol/${file.replace(/\/$/, '')}`;
  },
  nameOf: path => (path.startsWith(`${folderPath}/`) ? path.slice(folderPath.length + 1) : path),
  pathOf: name => (name.startsWith('/') ? name : `${folderPath}/${name}`),
  isTaken: path => path === `${folderPath}/web.vmdk`,
};

const base = `displayName = "web"
# a comment
memsize = "64"
uuid.bios = "56 4d 01 02 03 04 05 06-07 08 09 0a 0b fe ff f8"
Unknown.Key = "kept"
`;

const diskLines = `ide0:0.present = "TRUE"
ide0:0.fileName = "web.vmdk"
ide0:0.odd = "kept too"
scsi0.present = "TRUE"
scsi0:1.present = "TRUE"
scsi0:1.fileName = "data.vmdk"
`;

function apply(spec: VirtualMachineConfigSpec, text = base) {
  const vmx = parseVmx(text);
  const effects = applyConfigSpec(spec, { schema, vmx, place, pcpuMhz: 2000 });
  return { text: vmx.toString(), effects, vmx };
}

function faultOf(spec: VirtualMachineConfigSpec, text = base): object {
  try {
    apply(spec, text);
  } catch (error) {
    if (error instanceof VimFault) return error.detail;
    throw error;
  }
  return { _type: 'no fault' };
}

const lines = (text: string): string[] => text.split('\n');

describe('a configuration spec', () => {
  it('changes the lines it names, adds what is new at the end and keeps the rest byte for byte', () => {
    const { text } = apply({ memoryMB: 128, annotation: 'a "b"\n', bootOptions: { bootDelay: 500 } });
    expect(text).toBe(
      `${base.replace('"64"', '"128"')}annotation = "a |22b|22|0A"\nbios.bootDelay = "500"\n`,
    );
  });

  it('makes percent of a PCPU MHz where it changes an allocation, and only there', () => {
    const text = `${base}sched.cpu.units = "percent"\nsched.cpu.min = "25"\nsched.cpu.max = "50"\n`;
    const { vmx } = apply({ cpuAllocation: { limit: 600 } }, text);
    const of = (key: string) => vmx.get(`sched.cpu.${key}`);
    expect([of('units'), of('min'), of('max')]).toEqual(['mhz', '500', '600']);
    expect(cpuAllocation(parseVmx(text), 1, 2000)).toMatchObject({ reservation: 500, limit: 1000 });
    expect(apply({ annotation: 'x' }, text).text).toContain(text);
  });

  it('that is empty changes nothing', () => {
    expect(apply({}, base + diskLines).text).toBe(base + diskLines);
  });

  it.each(identifiers(schema))('writes guest %s so that it is read again', guestId => {
    const guestOS = apply({ guestId }).vmx.get('guestOS') ?? '';
    expect(guestOS).toMatch(/^[a-z0-9_-]+$/);
    expect(guestOsOf(schema, guestOS).guestId).toBe(guestId);
  });

  it.each([
    ['winNetStandardGuest', 'winnetstandard'],
    ['rhel4_64Guest', 'rhel4-64'],
    ['other26xLinuxGuest', 'other26xlinux'],
    ['otherGuest64', 'other-64'],
    ['winLonghorn64Guest', 'longhorn-64'],
    ['ubuntu64Guest', 'ubuntu-64'],
  ])('spells %s %s', (guestId, guestOS) => {
    expect(apply({ guestId }).vmx.get('guestOS')).toBe(guestOS);
  });

  it.each<[VirtualMachineConfigSpec, string, string]>([
    [{ name: 'a/b%zz' }, 'displayName', 'a%2fb%25zz'],
    [{ alternateGuestName: 'BeOS' }, 'guestOSAltName', 'BeOS'],
    [{ numCPUs: 4 }, 'numvcpus', '4'],
    [
      { uuid: '564D0102-0304-0506-0708-090a0b0c0d0e' },
      'uuid.bios',
      '56 4d 01 02 03 04 05 06-07 08 09 0a 0b 0c 0d 0e',
    ],
    [{ cpuAllocation: { shares: { level: 'high', shares: 0 } } }, 'sched.cpu.shares', 'high'],
    [{ cpuAllocation: { shares: { level: 'custom', shares: 77 } } }, 'sched.cpu.shares', '77'],
    [{ cpuAllocation: { reservation: 100, limit: 200 } }, 'sched.cpu.max', '200'],
    [{ memoryAllocation: { reservation: 64 } }, 'sched.mem.min', '64'],
    [{ cpuAffinity: { affinitySet: [3, 1, 3] } }, 'sched.cpu.affinity', '1,3'],
    [{ flags: { enableLogging: false } }, 'logging', 'FALSE'],
    [{ flags: { htSharing: 'internal' } }, 'sched.cpu.htsharing', 'internal'],
    [{ powerOpInfo: { powerOffType: 'preset' } }, 'powerType.powerOff', 'default'],
    [{ powerOpInfo: { resetType: 'hard' } }, 'powerType.reset', 'hard'],
    [{ tools: { syncTimeWithHost: true } }, 'tools.syncTime', 'TRUE'],
    [{ bootOptions: { enterBIOSSetup: true } }, 'bios.forceSetupOnce', 'TRUE'],
    [{ extraConfig: [{ key: 'my.key', value: 'mine' }] }, 'my.key', 'mine'],
    [{ files: { snapshotDirectory: '[storage1] elsewhere' } }, 'workingDir', '/vmfs/volumes/vol/elsewhere'],
    [
      {
        cpuFeatureMask: [
          { operation: 'add', info: { level: 1, ecx: '----:----:----:----:----:----:----:0---' } },
        ],
      },
      'cpuid.1.ecx',
      '----:----:----:----:----:----:----:0---',
    ],
  ])('writes %j', (spec, key, value) => {
    expect(apply(spec).vmx.get(key)).toBe(value);
  });

  it.each<[VirtualMachineConfigSpec, string]>([
    [{ cpuAllocation: { limit: -1 } }, 'sched.cpu.max'],
    [{ cpuAffinity: { affinitySet: [] } }, 'sched.cpu.affinity'],
    [{ extraConfig: [{ key: 'unknown.key', value: '' }] }, 'Unknown.Key'],
    [{ alternateGuestName: '' }, 'guestOSAltName'],
  ])('%j takes %s away', (spec, key) => {
    const text = `${base}sched.cpu.max = "5"\nsched.cpu.affinity = "1"\nguestOSAltName = "x"\n`;
    expect(apply(spec, text).vmx.has(key)).toBe(false);
  });
});

describe('a property that cannot be', () => {
  it.each<[VirtualMachineConfigSpec, string]>([
    [{ guestId: 'plan9Guest' }, 'guestId'],
    [{ numCPUs: 0 }, 'numCPUs'],
    [{ numCPUs: 5 }, 'numCPUs'],
    [{ memoryMB: 0 }, 'memoryMB'],
    [{ memoryMB: 66 }, 'memoryMB'],
    [{ memoryMB: 65_536 }, 'memoryMB'],
    [{ version: 'vmx-07' }, 'version'],
    [{ uuid: 'none' }, 'uuid'],
    [{ annotation: 'x'.repeat(10_001) }, 'annotation'],
    [{ cpuAllocation: { reservation: -1 } }, 'cpuAllocation.reservation'],
    [{ cpuAllocation: { limit: -2 } }, 'cpuAllocation.limit'],
    [{ cpuAllocation: { reservation: 500, limit: 400 } }, 'cpuAllocation.limit'],
    [{ cpuAllocation: { expandableReservation: true } }, 'cpuAllocation.expandableReservation'],
    [{ cpuAllocation: { shares: { level: 'custom', shares: 0 } } }, 'cpuAllocation.shares'],
    [{ memoryAllocation: { reservation: 65 } }, 'memoryAllocation.reservation'],
    [{ cpuAffinity: { affinitySet: [-1] } }, 'cpuAffinity.affinitySet'],
    [{ cpuAffinity: { affinitySet: [0, 0] }, numCPUs: 2 }, 'cpuAffinity.affinitySet'],
    [{ flags: { htSharing: 'some' } }, 'flags.htSharing'],
    [{ powerOpInfo: { suspendType: 'now' } }, 'powerOpInfo.suspendType'],
    [{ bootOptions: { bootDelay: 60_000 } }, 'bootOptions.bootDelay'],
    [{ swapPlacement: 'hostLocal' }, 'swapPlacement'],
    [{ extraConfig: [{ key: 'memsize', value: '128' }] }, 'extraConfig'],
    [{ extraConfig: [{ key: 'scsi0:0.fileName', value: '/etc/passwd' }] }, 'extraConfig'],
    [{ extraConfig: [{ key: 'two words', value: 'x' }] }, 'extraConfig'],
    [{ extraConfig: [{ key: 'a"b', value: 'x' }] }, 'extraConfig'],
  ])('%j is told as InvalidArgument by its name', (spec, property) => {
    expect(faultOf(spec)).toMatchObject({
      _type: 'InvalidArgument',
      invalidProperty: `configSpec.${property}`,
    });
  });

  it.each([' ', '', 'x'.repeat(81), '/'.repeat(27)])('the name %j is InvalidName', name => {
    expect(faultOf({ name })).toMatchObject({ _type: 'InvalidName', name });
  });

  it.each<[VirtualMachineConfigSpec]>([
    [{ memoryHotAddEnabled: true }],
    [{ changeTrackingEnabled: true }],
    [{ firmware: 'efi' }],
    [{ networkShaper: { enabled: true } }],
    [{ npivWorldWideNameOp: 'generate' }],
    [{ files: { logDirectory: '[storage1] elsewhere' } }],
  ])('%j is NotSupported', spec => {
    expect(faultOf(spec)).toMatchObject({ _type: 'NotSupported' });
  });

  it('the machine’s own folder is where its log is, and changes nothing', () => {
    expect(apply({ files: { logDirectory: '[storage1] web/' } }).text).toBe(base);
  });

  it('a folder outside any datastore is InvalidDatastorePath', () => {
    expect(faultOf({ files: { logDirectory: '/etc' } })).toMatchObject({ _type: 'InvalidDatastorePath' });
  });
});

describe('devices', () => {
  it('find the controllers that the same spec adds, wherever they stand in it', () => {
    const { text, effects } = apply({
      deviceChange: [
        added(flatDisk({ controllerKey: -101, unitNumber: undefined }), 'create'),
        added(lsiController({ key: -101, busNumber: 1 })),
      ],
    });
    expect(lines(text)).toContain('scsi1.virtualDev = "lsilogic"');
    expect(lines(text)).toContain('scsi1:0.fileName = "web_1.vmdk"');
    expect(effects.create).toEqual([
      {
        path: `${folderPath}/web_1.vmdk`,
        capacityKb: 102_400,
        format: 'zeroedthick',
        adapterType: 'lsilogic',
      },
    ]);
  });

  it('take the first free unit and never the controller’s own', () => {
    const disks = Array.from({ length: 9 }, () =>
      added(flatDisk({ controllerKey: 1000, unitNumber: -1 }), 'create'),
    );
    const { vmx } = apply({ deviceChange: disks }, base + diskLines);
    const units = vmx.keys().flatMap(key => /^scsi0:(\d+)\.present$/.exec(key)?.[1] ?? []);
    expect(units.map(Number).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 8, 9, 10]);
  });

  it('take a place that the same spec makes free', () => {
    const deviceChange = [
      added(flatDisk({}, { fileName: '[storage1] web/b.vmdk' })),
      removed(flatDisk({ key: 3000 })),
    ];
    const { vmx, effects } = apply({ deviceChange }, base + diskLines);
    expect(vmx.get('ide0:0.fileName')).toBe('b.vmdk');
    expect(vmx.has('ide0:0.odd')).toBe(false);
    expect(effects).toMatchObject({ require: [`${folderPath}/b.vmdk`], destroy: [] });
  });

  it('that are edited keep the keys nobody knows, on another controller too', () => {
    const moved = flatDisk(
      { key: 3000, controllerKey: 1000, unitNumber: 0 },
      { fileName: '[storage1] web/web.vmdk', diskMode: 'independent_persistent' },
    );
    const { text } = apply({ deviceChange: [edited(moved)] }, base + diskLines);
    expect(lines(text)).toContain('scsi0:0.odd = "kept too"');
    expect(lines(text)).toContain('scsi0:0.mode = "independent-persistent"');
    expect(text).not.toContain('ide0:0');
  });

  it('that are handed back as they were read keep the spelling of their lines', () => {
    const text = `${base}serial0.present = "true"
Serial0.fileType = "CONSOLE"
ide1:0.present = "TRUE"
ide1:0.deviceType = "CDROM-image"
ide1:0.fileName = "/vmfs/volumes/vol/iso/boot.iso"
`;
    const port = serialPipe({
      key: 9000,
      backing: backing('VirtualSerialPortPipeBackingInfo', {
        pipeName: 'console',
        endpoint: 'server',
        noRxLoss: false,
      }),
      connectable: { startConnected: true, allowGuestControl: true, connected: false },
    });
    expect(apply({ deviceChange: [edited(port), edited(isoDrive({ key: 3002 }))] }, text).text).toBe(text);
    const other = {
      ...port,
      backing: backing('VirtualSerialPortPipeBackingInfo', { pipeName: 'x', endpoint: 'client' }),
    };
    const { vmx } = apply({ deviceChange: [edited(other)] }, text);
    expect(vmx.get('serial0.fileType')).toBe('pipe');
    expect(vmx.get('serial0.pipe.endPoint')).toBe('client');
  });

  it('that are removed take their file with them only when it is asked for', () => {
    const change = removed(flatDisk({ key: 2001 }), 'destroy');
    const { text, effects } = apply({ deviceChange: [change] }, base + diskLines);
    expect(effects.destroy).toEqual([`${folderPath}/data.vmdk`]);
    expect(text).toBe(base + diskLines.replace(/scsi0:1.*\n/g, ''));
  });

  it('on the network have addresses from the end of the UUID, ten apart, over its end', () => {
    const { vmx } = apply({ deviceChange: [added(adapter()), added(adapter()), added(adapter())] });
    expect([0, 1, 2].map(n => vmx.get(`ethernet${n}.generatedAddress`))).toEqual([
      '00:0c:29:fe:ff:f8',
      '00:0c:29:ff:00:02',
      '00:0c:29:ff:00:0c',
    ]);
    expect(vmx.get('ethernet1.generatedAddressOffset')).toBe('10');
  });

  it('on the network keep an address that a person chose in VMware’s range', () => {
    const card = adapter({ addressType: 'manual', macAddress: '00:50:56:3F:ff:ff', _type: 'VirtualE1000' });
    const { vmx } = apply({ deviceChange: [added(card)] });
    expect(vmx.get('ethernet0.address')).toBe('00:50:56:3f:ff:ff');
    expect(vmx.get('ethernet0.addressType')).toBe('static');
    expect(vmx.get('ethernet0.virtualDev')).toBe('e1000');
    expect(vmx.has('ethernet0.generatedAddress')).toBe(false);
  });

  it('of every kind are written as the product writes them', () => {
    const { vmx } = apply({
      deviceChange: [
        added(
          device('VirtualFloppy', {
            backing: backing('VirtualFloppyRemoteDeviceBackingInfo', { deviceName: '' }),
          }),
        ),
        added(
          device('VirtualParallelPort', {
            backing: backing('VirtualParallelPortDeviceBackingInfo', { deviceName: '/dev/parport0' }),
          }),
        ),
        added(isoDrive({ backing: backing('VirtualCdromAtapiBackingInfo', { deviceName: '/dev/cdrom' }) })),
        added(
          serialPipe({
            backing: backing('VirtualSerialPortFileBackingInfo', { fileName: '[storage1] web/com.log' }),
          }),
        ),
        added(device('VirtualBusLogicController', { busNumber: 0, sharedBus: 'virtualSharing' })),
      ],
    });
    for (const [key, value] of [
      ['floppy0.clientDevice', 'TRUE'],
      ['parallel0.fileName', '/dev/parport0'],
      ['ide1:0.deviceType', 'atapi-cdrom'],
      ['ide1:0.fileName', '/dev/cdrom'],
      ['serial0.fileType', 'file'],
      ['serial0.fileName', 'com.log'],
      ['scsi0.virtualDev', 'buslogic'],
      ['scsi0.sharedBus', 'virtual'],
    ] as const) {
      expect(vmx.get(key), key).toBe(value);
    }
  });
});

describe('a device that cannot be', () => {
  const iso = (fileName: string) =>
    isoDrive({ backing: backing('VirtualCdromIsoBackingInfo', { fileName }) });
  const many = (count: number, make: () => ReturnType<typeof added>) => Array.from({ length: count }, make);
  const controllers = [0, 1, 2, 3].map(busNumber =>
    added(lsiController({ key: -200 - busNumber, busNumber })),
  );

  it.each<[string, VirtualMachineConfigSpec['deviceChange'], object]>([
    [
      'an unknown class',
      [added(device('VirtualUSBController', { busNumber: 0 }))],
      { _type: 'InvalidDeviceSpec', deviceIndex: 0, property: 'virtualDeviceSpec.device' },
    ],
    [
      'a later controller',
      [
        added(adapter()),
        added(device('ParaVirtualSCSIController', { busNumber: 0, sharedBus: 'noSharing' })),
      ],
      { _type: 'InvalidDeviceSpec', deviceIndex: 1 },
    ],
    ['no operation', [{ device: flatDisk() }], { _type: 'InvalidDeviceOperation', deviceIndex: 0 }],
    [
      'no controller',
      [added(flatDisk({ controllerKey: undefined }), 'create')],
      { _type: 'MissingController', deviceIndex: 0 },
    ],
    [
      'a controller that is not there',
      [added(flatDisk({ controllerKey: 1001 }), 'create')],
      { _type: 'InvalidController', controllerKey: 1001 },
    ],
    [
      'a CD drive on SCSI',
      [added(isoDrive({ controllerKey: 1000 }))],
      { _type: 'InvalidController', controllerKey: 1000 },
    ],
    [
      'a taken unit',
      [added(flatDisk(), 'create')],
      { _type: 'InvalidDeviceSpec', property: 'virtualDeviceSpec.device.unitNumber' },
    ],
    [
      'a unit beyond IDE',
      [added(flatDisk({ unitNumber: 2 }), 'create')],
      { _type: 'InvalidDeviceSpec', property: 'virtualDeviceSpec.device.unitNumber' },
    ],
    [
      'the SCSI controller’s unit',
      [added(flatDisk({ controllerKey: 1000, unitNumber: 7 }), 'create')],
      { _type: 'InvalidDeviceSpec', property: 'virtualDeviceSpec.device.unitNumber' },
    ],
    [
      'a unit beyond SCSI',
      [added(flatDisk({ controllerKey: 1000, unitNumber: 16 }), 'create')],
      { _type: 'InvalidDeviceSpec', property: 'virtualDeviceSpec.device.unitNumber' },
    ],
    [
      'a full IDE bus',
      many(2, () => added(flatDisk({ unitNumber: -1 }), 'create')),
      { _type: 'TooManyDevices' },
    ],
    [
      'no backing',
      [added(flatDisk({ backing: undefined, controllerKey: 201 }), 'create')],
      { _type: 'InvalidDeviceBacking', deviceIndex: 0 },
    ],
    [
      'a raw device',
      [
        added(
          flatDisk({
            controllerKey: 201,
            backing: backing('VirtualDiskRawDiskMappingVer1BackingInfo', { fileName: '' }),
          }),
          'create',
        ),
      ],
      { _type: 'InvalidDeviceBacking' },
    ],
    [
      'an unknown mode',
      [added(flatDisk({ controllerKey: 201 }, { diskMode: 'undoable' }), 'create')],
      { _type: 'InvalidDeviceBacking', property: 'virtualDeviceSpec.device.backing.diskMode' },
    ],
    [
      'no capacity',
      [added(flatDisk({ controllerKey: 201, capacityInKB: 0 }), 'create')],
      { _type: 'InvalidDeviceSpec', property: 'virtualDeviceSpec.device.capacityInKB' },
    ],
    [
      'two terabytes',
      [added(flatDisk({ controllerKey: 201, capacityInKB: 2 ** 31 }), 'create')],
      { _type: 'InvalidDeviceSpec', property: 'virtualDeviceSpec.device.capacityInKB' },
    ],
    [
      'a file that is no disk',
      [added(flatDisk({ controllerKey: 201 }, { fileName: '[storage1] web/x.iso' }))],
      { _type: 'InvalidDeviceBacking' },
    ],
    [
      'a disk without name or creation',
      [added(flatDisk({ controllerKey: 201 }))],
      { _type: 'InvalidDeviceBacking' },
    ],
    [
      'a path out of the datastore',
      [added(flatDisk({ controllerKey: 201 }, { fileName: '[storage1] ../x.vmdk' }))],
      { _type: 'InvalidDatastorePath' },
    ],
    [
      'an image that is none',
      [added(iso('[storage1] web/web.vmx'))],
      { _type: 'InvalidDeviceBacking', property: 'virtualDeviceSpec.device.backing.fileName' },
    ],
    [
      'a file operation of a CD drive',
      [added(isoDrive(), 'create')],
      { _type: 'InvalidDeviceOperation', badFileOp: 'create' },
    ],
    [
      'destroying while adding',
      [added(flatDisk({ controllerKey: 201 }, { fileName: '[storage1] web/a.vmdk' }), 'destroy')],
      { _type: 'InvalidDeviceOperation', badFileOp: 'destroy' },
    ],
    [
      'creating while removing',
      [removed(flatDisk({ key: 3000 }), 'create')],
      { _type: 'InvalidDeviceOperation', badFileOp: 'create' },
    ],
    [
      'another file for a disk',
      [edited(flatDisk({ key: 3000 }, { fileName: '[storage1] web/other.vmdk' }))],
      { _type: 'InvalidDeviceBacking', property: 'virtualDeviceSpec.device.backing.fileName' },
    ],
    [
      'editing what is not there',
      [edited(flatDisk({ key: 3003 }))],
      { _type: 'DeviceNotFound', deviceIndex: 0 },
    ],
    ['removing by a wrong class', [removed(isoDrive({ key: 3000 }))], { _type: 'DeviceNotFound' }],
    [
      'removing the keyboard',
      [removed(device('VirtualKeyboard', { key: 600 }))],
      { _type: 'InvalidDeviceOperation', badOp: 'remove' },
    ],
    [
      'removing an IDE controller',
      [removed(device('VirtualIDEController', { key: 200, busNumber: 0 }))],
      { _type: 'InvalidDeviceOperation', badOp: 'remove' },
    ],
    [
      'removing a controller in use',
      [removed(lsiController({ key: 1000 }))],
      { _type: 'InvalidDeviceOperation', badOp: 'remove' },
    ],
    [
      'a taken bus',
      [added(lsiController({ busNumber: 0 }))],
      { _type: 'InvalidDeviceSpec', property: 'virtualDeviceSpec.device.busNumber' },
    ],
    [
      'a fifth bus',
      [added(lsiController({ busNumber: 4 }))],
      { _type: 'InvalidDeviceSpec', property: 'virtualDeviceSpec.device.busNumber' },
    ],
    ['a fifth adapter', many(5, () => added(adapter())), { _type: 'TooManyDevices' }],
    [
      'more PCI devices than slots',
      [...controllers.slice(1), ...many(3, () => added(adapter()))],
      { _type: 'TooManyDevices' },
    ],
    [
      'a disk that the machine has already',
      [added(flatDisk({ unitNumber: 1 }, { fileName: '[storage1] web/web.vmdk' }))],
      { _type: 'InvalidDeviceBacking', property: 'virtualDeviceSpec.device.backing.fileName' },
    ],
    [
      'one new disk twice',
      [
        added(flatDisk({ unitNumber: 1 }, { fileName: '[storage1] web/new.vmdk' }), 'create'),
        added(flatDisk({ controllerKey: 201 }, { fileName: '[storage1] web/new.vmdk' })),
      ],
      { _type: 'InvalidDeviceBacking', deviceIndex: 1 },
    ],
    ['a fifth serial port', many(5, () => added(serialPipe())), { _type: 'TooManyDevices' }],
    [
      'a pipe without a name',
      [
        added(
          serialPipe({
            backing: backing('VirtualSerialPortPipeBackingInfo', { pipeName: '', endpoint: 'server' }),
          }),
        ),
      ],
      { _type: 'InvalidDeviceBacking', property: 'virtualDeviceSpec.device.backing.pipeName' },
    ],
    [
      'a pipe whose name no socket can have',
      [
        added(
          serialPipe({
            backing: backing('VirtualSerialPortPipeBackingInfo', {
              pipeName: 'a'.repeat(300),
              endpoint: 'server',
            }),
          }),
        ),
      ],
      { _type: 'InvalidDeviceBacking', property: 'virtualDeviceSpec.device.backing.pipeName' },
    ],
    [
      'a pipe with a third end',
      [
        added(
          serialPipe({
            backing: backing('VirtualSerialPortPipeBackingInfo', { pipeName: 'x', endpoint: 'middle' }),
          }),
        ),
      ],
      { _type: 'InvalidDeviceBacking' },
    ],
    [
      'an address of another maker',
      [added(adapter({ addressType: 'manual', macAddress: '00:16:3e:00:00:01' }))],
      { _type: 'InvalidDeviceSpec', property: 'virtualDeviceSpec.device.macAddress' },
    ],
    [
      'an address of the generated range',
      [added(adapter({ addressType: 'manual', macAddress: '00:50:56:40:00:01' }))],
      { _type: 'InvalidDeviceSpec', property: 'virtualDeviceSpec.device.macAddress' },
    ],
    [
      'an adapter on no network',
      [added(adapter({ backing: backing('VirtualEthernetCardNetworkBackingInfo', { deviceName: '' }) }))],
      { _type: 'InvalidDeviceBacking' },
    ],
    [
      'too little video memory',
      [edited(device('VirtualMachineVideoCard', { key: 500, videoRamSizeInKB: 1 }))],
      { _type: 'InvalidDeviceSpec', property: 'virtualDeviceSpec.device.videoRamSizeInKB' },
    ],
  ])('is told by its index: %s', (_, deviceChange, fault) => {
    expect(faultOf({ deviceChange }, base + diskLines)).toMatchObject(fault);
  });
});
