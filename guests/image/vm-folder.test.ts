import { describe, expect, it } from 'vitest';
import { configuration, diskDescriptor } from './vm-folder.js';

const vm = { name: 'demo', guestOs: 'otherlinux', memoryMb: 64, diskBytes: 409600 * 512 };

describe('diskDescriptor', () => {
  const text = diskDescriptor(vm, Buffer.from('00112233445566778899aabbccddeeff01', 'hex'));

  it('has the lines of ESX Server 3.5, one extent over the whole disk', () => {
    expect(text.split('\n').slice(0, 12)).toEqual([
      '# Disk DescriptorFile',
      'version=1',
      'CID=ddeeff01',
      'parentCID=ffffffff',
      'createType="vmfs"',
      '',
      '# Extent description',
      'RW 409600 VMFS "demo-flat.vmdk"',
      '',
      '# The Disk Data Base ',
      '#DDB',
      '',
    ]);
  });

  it('has a VMware UUID of 16 bytes', () => {
    expect(text).toMatch(/^ddb\.uuid = "60 00 c2 9[0-9a-f]( [0-9a-f]{2}){4}-([0-9a-f]{2} ){7}[0-9a-f]{2}"$/m);
  });
});

describe('configuration', () => {
  it('describes an IDE disk, the memory and a console on the serial port', () => {
    const lines = configuration(vm).split('\n');
    expect(lines).toContain('config.version = "8"');
    expect(lines).toContain('virtualHW.version = "4"');
    expect(lines).toContain('memsize = "64"');
    expect(lines).toContain('ide0:0.fileName = "demo.vmdk"');
    expect(lines).toContain('serial0.fileType = "pipe"');
    expect(lines).toContain('serial0.console = "TRUE"');
    expect(lines.join('\n')).not.toContain('uuid');
  });
});
