import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SECTOR_BYTES } from './mbr.js';

/** A virtual machine as its folder on a datastore describes it. */
export interface VmFolder {
  readonly name: string;
  readonly guestOs: string;
  readonly memoryMb: number;
  readonly diskBytes: number;
}

export const flatName = (vm: string): string => `${vm}-flat.vmdk`;

/** Writes NAME.vmx and NAME.vmdk beside the NAME-flat.vmdk that is already there. */
export const describeVm = async (folder: string, vm: VmFolder): Promise<void> => {
  await writeFile(join(folder, `${vm.name}.vmdk`), diskDescriptor(vm, randomBytes(17)), { mode: 0o600 });
  await writeFile(join(folder, `${vm.name}.vmx`), configuration(vm), { mode: 0o755 });
};

/** ESX Server 3.5's text, reference/storage.md 5.4; `random` has 17 bytes for the identifiers. */
export const diskDescriptor = (vm: VmFolder, random: Buffer): string => {
  const sectors = vm.diskBytes / SECTOR_BYTES;
  const hex = (bytes: Buffer): string => bytes.toString('hex').match(/../g)?.join(' ') ?? '';
  const uuid = Buffer.concat([
    Buffer.from([0x60, 0x00, 0xc2, 0x90 | ((random[0] ?? 0) & 15)]),
    random.subarray(1, 13),
  ]);
  return [
    '# Disk DescriptorFile',
    'version=1',
    `CID=${random.toString('hex', 13, 17)}`,
    'parentCID=ffffffff',
    'createType="vmfs"',
    '',
    '# Extent description',
    `RW ${sectors} VMFS "${flatName(vm.name)}"`,
    '',
    '# The Disk Data Base ',
    '#DDB',
    '',
    'ddb.virtualHWVersion = "4"',
    `ddb.uuid = "${hex(uuid.subarray(0, 8))}-${hex(uuid.subarray(8))}"`,
    `ddb.geometry.cylinders = "${Math.min(16383, Math.floor(sectors / (16 * 63)))}"`,
    'ddb.geometry.heads = "16"',
    'ddb.geometry.sectors = "63"',
    'ddb.adapterType = "ide"',
    'ddb.thinProvisioned = "1"',
    '',
  ].join('\n');
};

/** ESX Server 3.5's keys, reference/storage.md 5.6; serial0.console is this product's mark of a port that `esx console` opens. */
export const configuration = (vm: VmFolder): string =>
  [
    '.encoding = "UTF-8"',
    'config.version = "8"',
    'virtualHW.version = "4"',
    `displayName = "${vm.name}"`,
    `guestOS = "${vm.guestOs}"`,
    `memsize = "${vm.memoryMb}"`,
    'ide0:0.present = "TRUE"',
    `ide0:0.fileName = "${vm.name}.vmdk"`,
    'ide0:0.deviceType = "ata-hardDisk"',
    'serial0.present = "TRUE"',
    'serial0.fileType = "pipe"',
    'serial0.fileName = "console"',
    'serial0.pipe.endPoint = "server"',
    'serial0.console = "TRUE"',
    'floppy0.present = "FALSE"',
    '',
  ].join('\n');
