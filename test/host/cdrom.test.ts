import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, it } from 'vitest';
import { MiniBios } from '../../daemons/vmware-vmx/engine/mini-bios.js';
import { TestHost } from '../harness/index.js';

const BLOCK_BYTES = 2048;
const [DESCRIPTOR_BLOCK, CATALOGUE_BLOCK, BOOT_BLOCK] = [17, 19, 20];
let host: TestHost;

beforeAll(async () => {
  host = await TestHost.up();
}, 300_000);
afterAll(() => host.stop());

/** An image with nothing but a boot record (El Torito 1.0): the firmware loads one sector of `code` and starts it. */
function bootable(code: Uint8Array): Buffer {
  const iso = Buffer.alloc((BOOT_BLOCK + 1) * BLOCK_BYTES);
  iso.write('\x01CD001\x01', 16 * BLOCK_BYTES, 'latin1');
  const descriptor = DESCRIPTOR_BLOCK * BLOCK_BYTES;
  iso.write('\x00CD001\x01EL TORITO SPECIFICATION', descriptor, 'latin1');
  iso.writeUInt32LE(CATALOGUE_BLOCK, descriptor + 0x47);
  iso.write('\xffCD001\x01', 18 * BLOCK_BYTES, 'latin1');
  const catalogue = CATALOGUE_BLOCK * BLOCK_BYTES;
  iso[catalogue] = 1;
  iso.writeUInt16LE(0xaa55, catalogue + 0x1e);
  // The validation entry's words add up to zero.
  iso.writeUInt16LE(0x10000 - (1 + 0xaa55), catalogue + 0x1c);
  // Bootable, no emulation, one 512-byte sector.
  iso[catalogue + 0x20] = 0x88;
  iso.writeUInt16LE(1, catalogue + 0x26);
  iso.writeUInt32LE(BOOT_BLOCK, catalogue + 0x28);
  iso.set(code.subarray(0, 512), BOOT_BLOCK * BLOCK_BYTES);
  return iso;
}

it('a machine without a disk starts from the image in its CD drive', async () => {
  const folder = join(host.root, 'datastores/storage1/installer');
  mkdirSync(folder);
  writeFileSync(join(folder, 'install.iso'), bootable(new MiniBios().say('from the CD').spin()));
  const lines = [
    'config.version = "8"',
    'virtualHW.version = "4"',
    'guestOS = "other"',
    'displayName = "installer"',
    'memsize = "16"',
    'ide1:0.present = "TRUE"',
    'ide1:0.deviceType = "cdrom-image"',
    'ide1:0.fileName = "install.iso"',
    'serial0.present = "TRUE"',
    'serial0.fileType = "console"',
  ];
  writeFileSync(join(folder, 'installer.vmx'), `${lines.join('\n')}\n`);
  const kernel = await host.kernel();
  const { serial } = await host.powerOn(kernel, '/vmfs/volumes/storage1/installer/installer.vmx');
  await serial.waitFor(/from the CD/);
  await kernel.call('powerOff', { vmxPath: '/vmfs/volumes/storage1/installer/installer.vmx' });
});
