import { describe, expect, it } from 'vitest';
import { parseVmx, readVmConfig } from './index.js';

const read = (text: string) => readVmConfig(parseVmx(text));

describe('readVmConfig', () => {
  it('describes a VM with an IDE disk and serial ports', () => {
    const config = read(`displayName = "linux"
guestOS = "otherlinux"
memsize = "256"
ide0:0.present = "TRUE"
ide0:0.fileName = "linux.vmdk"
ide0:1.present = "FALSE"
serial0.present = "TRUE"
serial0.fileType = "console"
serial1.present = "true"
serial1.fileType = "pipe"
serial1.fileName = "/tmp/com2"
serial1.pipe.endPoint = "client"
serial1.startConnected = "FALSE"
sched.cpu.shares = "high"
sched.cpu.min = "200"
sched.cpu.max = "-1"
sched.cpu.affinity = "0,1"
pciBridge0.present = "TRUE"
`);
    expect(config).toMatchObject({
      displayName: 'linux',
      guestOS: 'otherlinux',
      guestIs64Bit: false,
      memsizeMb: 256,
      numVcpus: 1,
      firmware: 'bios',
      cpu: { shares: 2000, min: 200, max: undefined, units: 'mhz', affinity: [0, 1], htSharing: 'any' },
      memory: { shares: 2560, minMb: 0, maxMb: undefined },
      cdroms: [],
      otherDevices: [],
    });
    expect(config.disks).toEqual([
      {
        controller: 'ide',
        node: 'ide0:0',
        bus: 0,
        unit: 0,
        fileName: 'linux.vmdk',
        mode: 'persistent',
        deviceType: 'disk',
      },
    ]);
    expect(config.serials).toEqual([
      { index: 0, fileType: 'console', fileName: '', endPoint: 'server', startConnected: true },
      { index: 1, fileType: 'pipe', fileName: '/tmp/com2', endPoint: 'client', startConnected: false },
    ]);
  });

  it('reads percent of a PCPU, affinity in any order and the sharing of a core', () => {
    const config = read(`sched.cpu.units = "Percent"
sched.cpu.min = "20"
sched.cpu.max = "50"
sched.cpu.affinity = "3, 1,3"
sched.cpu.htsharing = "Internal"
`);
    expect(config.cpu).toEqual({
      shares: 1000,
      units: 'percent',
      min: 20,
      max: 50,
      affinity: [1, 3],
      htSharing: 'internal',
    });
  });

  it('reports what this host cannot run as facts', () => {
    const config = read('numvcpus = "4"\nmemsize = "4096"\nguestOS = "rhel5-64"\n');
    expect(config).toMatchObject({ numVcpus: 4, memsizeMb: 4096, guestIs64Bit: true });
  });

  it('names every other device that is present', () => {
    const config = read(`scsi0.present = "TRUE"
scsi0.virtualDev = "lsilogic"
scsi0:0.present = "TRUE"
scsi0:0.fileName = "a.vmdk"
Ethernet0.present = "TRUE"
ethernet1.present = "FALSE"
floppy0.present = "TRUE"
ide1:0.present = "TRUE"
ide1:0.deviceType = "cdrom-image"
ide1:0.fileName = "x.iso"
serial0.present = "TRUE"
serial0.fileType = "network"
usb.present = "TRUE"
sound.present = "TRUE"
`);
    expect(config.otherDevices).toEqual([
      { name: 'scsi0', type: 'lsilogic' },
      { name: 'ethernet0' },
      { name: 'floppy0' },
      { name: 'usb' },
      { name: 'sound' },
      { name: 'serial0', type: 'network' },
    ]);
    expect(config.disks.map(disk => disk.node)).toEqual(['scsi0:0']);
  });

  it('takes a pipe with our mark for the port of the host console, and one without for a pipe', () => {
    const port = (mark: string) => `serial0.present = "TRUE"
serial0.fileType = "pipe"
serial0.fileName = "console"
serial0.pipe.endPoint = "server"
${mark}`;
    expect(read(port('serial0.console = "TRUE"')).serials).toMatchObject([{ fileType: 'console' }]);
    expect(read(port('')).serials).toMatchObject([{ fileType: 'pipe', fileName: 'console' }]);
  });

  it.each([
    ['memsize = "0"', 1],
    ['\nmemsize = "130"', 2],
    ['numvcpus = "two"', 1],
    ['ide0:0.present = "perhaps"', 1],
    ['ide0:0.present = "TRUE"', 1],
    ['ide0:0.present = "TRUE"\nide0:0.fileName = ""', 2],
    ['ide0:0.present = "TRUE"\nide0:0.fileName = "a"\nide0:0.mode = "odd"', 3],
    ['serial0.present = "TRUE"\nserial0.fileType = "file"', 2],
    [`serial0.present = "TRUE"\nserial0.fileType = "pipe"\nserial0.fileName = "${'a'.repeat(300)}"`, 3],
    ['serial0.present = "TRUE"\nserial0.fileType = "file"\nserial0.fileName = "../other/other-flat.vmdk"', 3],
    ['serial0.present = "TRUE"\nserial0.fileType = "file"\nserial0.fileName = "x.VMX/."', 3],
    ['serial0.present = "TRUE"\nserial0.fileType = "file"\nserial0.fileName = "vmware.log"', 3],
    ['sched.cpu.shares = "-5"', 1],
    ['sched.cpu.max = "lots"', 1],
    ['sched.cpu.shares = "0"', 1],
    ['sched.cpu.shares = "1000001"', 1],
    ['sched.cpu.shares = "99999999999999999999"', 1],
    ['sched.cpu.min = "1.5"', 1],
    ['sched.cpu.min = "-1"', 1],
    ['sched.cpu.units = "ghz"', 1],
    ['sched.cpu.htsharing = "some"', 1],
    ['sched.cpu.affinity = "0;1"', 1],
    ['sched.cpu.affinity = "-1"', 1],
    ['sched.cpu.affinity = "1,"', 1],
    ['numvcpus = "2"\nsched.cpu.affinity = "1,1"', 2],
  ])('refuses %j', (text, line) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({ code: 'InvalidVmx', reason: 'BadValue', line }),
    );
  });
});
