import { GuestBuildError } from '../guest-build-error.js';

export const SECTOR_BYTES = 512;

export interface MbrPartition {
  readonly type: number;
  readonly bootable: boolean;
  readonly startSector: number;
  readonly sectors: number;
}

export const PARTITION_LINUX = 0x83;
/** "Non-file-system data": here, the kernel and the initrd for the loader. */
export const PARTITION_RAW = 0xda;

const CODE_BYTES = 440;
const DISK_ID_OFFSET = 440;
const TABLE_OFFSET = 446;
const ENTRY_BYTES = 16;

/** The first sector of a PC disk: boot code, disk identifier, up to four partitions. */
export const masterBootRecord = (
  code: Buffer,
  diskId: number,
  partitions: readonly MbrPartition[],
): Buffer => {
  if (code.length > CODE_BYTES) {
    throw new GuestBuildError('TooLarge', `boot code has ${code.length} bytes, ${CODE_BYTES} fit`);
  }
  if (partitions.length > 4) throw new GuestBuildError('TooLarge', 'an MBR holds four partitions');
  const sector = Buffer.alloc(SECTOR_BYTES);
  code.copy(sector);
  sector.writeUInt32LE(diskId, DISK_ID_OFFSET);
  partitions.forEach((partition, index) => {
    writePartition(sector, TABLE_OFFSET + index * ENTRY_BYTES, partition);
  });
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
};

const writePartition = (sector: Buffer, at: number, partition: MbrPartition): void => {
  sector[at] = partition.bootable ? 0x80 : 0;
  chs(partition.startSector).copy(sector, at + 1);
  sector[at + 4] = partition.type;
  chs(partition.startSector + partition.sectors - 1).copy(sector, at + 5);
  sector.writeUInt32LE(partition.startSector, at + 8);
  sector.writeUInt32LE(partition.sectors, at + 12);
};

const HEADS = 255;
const SECTORS = 63;

const chs = (lba: number): Buffer => {
  const cylinder = Math.floor(lba / (HEADS * SECTORS));
  if (cylinder > 1023) return Buffer.from([0xfe, 0xff, 0xff]);
  const head = Math.floor(lba / SECTORS) % HEADS;
  const sector = (lba % SECTORS) + 1;
  return Buffer.from([head, sector | ((cylinder >> 2) & 0xc0), cylinder & 0xff]);
};
