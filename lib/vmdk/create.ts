import { parseDescriptor, type VmdkDescriptor } from './descriptor.js';
import { geometryFor } from './geometry.js';

export type AdapterType = 'buslogic' | 'lsilogic' | 'ide';

export interface FlatDisk {
  readonly capacitySectors: number;
  /** Name of the file with the data, without folder: `<name>-flat.vmdk`. */
  readonly flatFileName: string;
  readonly adapterType: AdapterType;
  /** Sixteen bytes; the first four are replaced by those that all such identities share. */
  readonly uuid: Uint8Array;
  readonly cid: number;
  readonly thin: boolean;
}

/** The descriptor of a new flat disk, in the text of ESX 3.5. */
export function newFlatDescriptor(disk: FlatDisk): VmdkDescriptor {
  const { cylinders, heads, sectors } = geometryFor(disk.capacitySectors, disk.adapterType);
  const lines = [
    '# Disk DescriptorFile',
    'version=1',
    `CID=${(disk.cid >>> 0).toString(16).padStart(8, '0')}`,
    'parentCID=ffffffff',
    'createType="vmfs"',
    '',
    '# Extent description',
    `RW ${disk.capacitySectors} VMFS "${disk.flatFileName}"`,
    '',
    '# The Disk Data Base ',
    '#DDB',
    '',
    'ddb.virtualHWVersion = "4"',
    `ddb.uuid = "${formatDiskUuid(disk.uuid)}"`,
    `ddb.geometry.cylinders = "${cylinders}"`,
    `ddb.geometry.heads = "${heads}"`,
    `ddb.geometry.sectors = "${sectors}"`,
    `ddb.adapterType = "${disk.adapterType}"`,
    ...(disk.thin ? ['ddb.thinProvisioned = "1"'] : []),
  ];
  return parseDescriptor(`${lines.join('\n')}\n`);
}

/** `60 00 C2 9x xx xx xx xx-xx …`: an NAA identity in VMware's range. */
export function formatDiskUuid(random: Uint8Array): string {
  const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
  const head = ['60', '00', 'C2', hex(0x90 | ((random[3] ?? 0) & 0x0f))];
  const text = [...head, ...Array.from(random.subarray(4, 16), hex)];
  return `${text.slice(0, 8).join(' ')}-${text.slice(8).join(' ')}`;
}
