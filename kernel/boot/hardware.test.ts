import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readHardware } from './hardware.js';
import { parsePciNames } from './pci-names.js';

let sysfs: string;
beforeEach(() => {
  sysfs = mkdtempSync(join(tmpdir(), 'sysfs-'));
});
afterEach(() => rmSync(sysfs, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(sysfs, path)), { recursive: true });
  writeFileSync(join(sysfs, path), `${text}\n`);
}

describe('the hardware in sysfs', () => {
  it('is told as far as the machine tells it', async () => {
    put('class/dmi/id/sys_vendor', 'Dell Inc.');
    put('class/dmi/id/bios_date', '08/27/2008');
    put('devices/system/node/node1/cpulist', '2-3,6');
    put('devices/system/node/node1/meminfo', 'Node 1 MemTotal:       2048 kB');
    put('devices/system/node/node0/cpulist', '0');
    for (const [file, text] of Object.entries({ vendor: '0x8086', device: '0x100f', class: '0x020000' }))
      put(`bus/pci/devices/0000:02:01.0/${file}`, text);
    expect(await readHardware(sysfs)).toEqual({
      systemVendor: 'Dell Inc.',
      biosDate: '08/27/2008',
      pciDevices: [
        expect.objectContaining({
          address: '0000:02:01.0',
          vendorId: 0x8086,
          deviceId: 0x100f,
          classId: 0x0200,
          subVendorId: 0,
        }),
      ],
      numaNodes: [
        { node: 0, cpus: [0], memoryBytes: 0 },
        { node: 1, cpus: [2, 3, 6], memoryBytes: 2 ** 21 },
      ],
    });
  });

  it('is empty where there is none', async () => {
    expect(await readHardware(join(sysfs, 'none'))).toEqual({ pciDevices: [], numaNodes: [] });
  });
});

it('names PCI devices below their vendor, and not what follows the vendors', () => {
  const list =
    '# c\n8086  Intel Corporation\n\t100f  82545EM\n\t\t15ad 0750  PRO/1000\nC 80  none\n\t86  no\n';
  const names = parsePciNames(list);
  expect(names.vendor(0x8086)).toBe('Intel Corporation');
  expect(names.device(0x8086, 0x100f)).toBe('82545EM');
  expect([names.device(0x15ad, 0x750), names.vendor(0x80)]).toEqual(['', '']);
});
