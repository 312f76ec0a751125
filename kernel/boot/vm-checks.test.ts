import { describe, expect, it } from 'vitest';
import { readCheckedConfig } from './vm-checks.js';

const BASE = {
  'config.version': '8',
  'virtualHW.version': '4',
  memsize: '32',
  guestOS: 'other',
  'ide0:0.present': 'TRUE',
  'ide0:0.fileName': 'x.vmdk',
};
const read = (extra: Record<string, string>) =>
  readCheckedConfig(
    Buffer.from(
      Object.entries({ ...BASE, ...extra })
        .map(([key, value]) => `${key} = "${value}"\n`)
        .join(''),
    ),
  );
const refusal = (extra: Record<string, string>): { code: string; details: Record<string, unknown> } => {
  try {
    read(extra);
  } catch (error) {
    return error as { code: string; details: Record<string, unknown> };
  }
  throw new Error('accepted');
};

describe('what power-on refuses by the configuration alone', () => {
  it('accepts what the engine runs', () => {
    expect(read({ numvcpus: '1', memsize: '2044' }).memsizeMb).toBe(2044);
  });

  it.each([
    [{ numvcpus: '4' }, 'NumVirtualCpusNotSupported', { count: 4, max: 1 }],
    [{ numvcpus: '2' }, 'NumVirtualCpusNotSupported', { count: 2, max: 1 }],
    [{ memsize: '2048' }, 'MemorySizeNotSupported', { mb: 2048, maxMb: 2047 }],
    [{ guestOS: 'winnetstandard-64' }, 'GuestOs64NotSupported', {}],
    [{ 'scsi0.present': 'TRUE' }, 'DeviceUnsupported', { device: 'SCSI controller 0 (BusLogic)' }],
    [
      {
        'scsi0.present': 'TRUE',
        'scsi0.virtualDev': 'lsilogic',
        'scsi0:0.present': 'TRUE',
        'scsi0:0.fileName': 'y.vmdk',
      },
      'DeviceUnsupported',
      { device: 'SCSI controller 0 (LSI Logic)', name: 'scsi0' },
    ],
    [
      { 'ethernet0.present': 'TRUE' },
      'DeviceUnsupported',
      { device: 'Network adapter 1', name: 'ethernet0' },
    ],
    [
      { 'ide1:0.present': 'TRUE', 'ide1:0.fileName': 'y.vmdk' },
      'DeviceUnsupported',
      { device: 'Hard disk 2', name: 'ide1:0' },
    ],
    [
      { 'ide1:1.present': 'TRUE', 'ide1:1.deviceType': 'cdrom-image', 'ide1:1.fileName': 'x.iso' },
      'DeviceUnsupported',
      { device: 'CD/DVD Drive 1', name: 'ide1:1' },
    ],
    [
      { 'ide1:0.present': 'TRUE', 'ide1:0.deviceType': 'atapi-cdrom', 'ide1:0.fileName': '/dev/cdrom' },
      'DeviceUnsupported',
      { device: 'CD/DVD Drive 1', name: 'ide1:0' },
    ],
    [{ 'floppy1.present': 'TRUE' }, 'DeviceUnsupported', { device: 'Floppy drive 2' }],
    [{ 'parallel0.present': 'TRUE' }, 'DeviceUnsupported', { device: 'Parallel port 1' }],
    [{ 'sound.present': 'TRUE' }, 'DeviceUnsupported', { device: 'Sound card' }],
    [{ 'usb.present': 'TRUE' }, 'DeviceUnsupported', { device: 'USB controller' }],
    [{ 'vmci0.present': 'TRUE' }, 'DeviceUnsupported', { device: 'vmci0' }],
    [
      { 'serial9.present': 'TRUE', 'serial9.fileType': 'console' },
      'DeviceUnsupported',
      { device: 'Serial port 10', name: 'serial9' },
    ],
    [{ 'config.version': '' }, 'InvalidVmx', { key: 'config.version', reason: 'MissingKey' }],
    [{ 'virtualHW.version': '' }, 'InvalidVmx', { key: 'virtualHW.version' }],
    [{ guestOS: '' }, 'InvalidVmx', { key: 'guestOS' }],
    [{ firmware: 'efi' }, 'DeviceUnsupported', { device: 'firmware' }],
    [{ 'sched.cpu.min': '500', 'sched.cpu.max': '100' }, 'InvalidVmx', { key: 'sched.cpu.max' }],
    [{ 'sched.cpu.max': '0' }, 'InvalidVmx', { key: 'sched.cpu.max' }],
    [{ 'sched.mem.min': '64' }, 'InvalidVmx', { key: 'sched.mem.min' }],
    [{ 'sched.cpu.shares': '0' }, 'InvalidVmx', { key: 'sched.cpu.shares' }],
    [{ numvcpus: '5' }, 'InvalidVmx', { key: 'numvcpus' }],
  ])('refuses %j', (extra, code, details) => {
    const found = refusal(extra as Record<string, string>);
    expect(found.code).toBe(code);
    expect(found.details).toMatchObject(details);
  });

  it.each([
    { 'ide1:0.deviceType': 'cdrom-image', 'ide1:0.fileName': 'x.iso' },
    { 'ide1:0.deviceType': 'atapi-cdrom', 'ide1:0.startConnected': 'FALSE' },
    { 'ide1:0.deviceType': 'atapi-cdrom', 'ide1:0.clientDevice': 'TRUE' },
  ])('accepts a CD drive with an image or with nothing in it: %j', extra => {
    expect(read({ 'ide1:0.present': 'TRUE', ...extra } as Record<string, string>).cdroms).toHaveLength(1);
  });

  it('refuses an empty file', () => {
    expect(() => readCheckedConfig(Buffer.alloc(0))).toThrow(
      expect.objectContaining({
        code: 'InvalidVmx',
        details: expect.objectContaining({ key: 'config.version' }),
      }),
    );
  });

  it('names the line of a damaged file', () => {
    expect(() => readCheckedConfig(Buffer.from('memsize = "32"\nnonsense\n'))).toThrow(
      expect.objectContaining({ code: 'InvalidVmx', details: expect.objectContaining({ line: 2 }) }),
    );
  });

  it('refuses a mask that sets a bit which the processor does not have, with its key', () => {
    const bit = (n: number) => `${'-'.repeat(31 - n)}1${'-'.repeat(n)}`;
    expect(read({ 'cpuid.1.ecx': bit(0) }).cpuid).toHaveLength(1); // SSE3: it has it
    expect(refusal({ 'cpuid.1.ecx': bit(28) })).toMatchObject({
      code: 'InvalidVmx',
      details: { reason: 'BadValue', key: 'cpuid.1.ecx' },
    });
    expect(refusal({ 'cpuid.80000001.edx': bit(29) }).details.key).toBe('cpuid.80000001.edx');
  });
});
