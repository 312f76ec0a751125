import { type FileHandle, open } from 'node:fs/promises';
import { GuestBuildError } from '../guest-build-error.js';
import { LOAD_ADDRESS, parseBzImage } from '../image/bzimage.js';
import { masterBootRecord, PARTITION_LINUX, PARTITION_RAW, SECTOR_BYTES } from '../image/mbr.js';

/**
 * Disk layout:
 *   sector 0        MBR with the first stage of boot.S
 *   sectors 1-4     second stage, its table and the command line
 *   from 1 MiB      partition 2 (raw): kernel, initrd, each contiguous
 *   next full MiB   partition 1: the root file system
 */
export interface BootDisk {
  /** boot.S assembled. */
  readonly loader: Buffer;
  readonly bzImage: Buffer;
  readonly initrd: Buffer;
  readonly initrdAddress: number;
  readonly commandLine: string;
  readonly rootImage: string;
  readonly rootBytes: number;
  readonly diskId: number;
}

const STAGE2_OFFSET = 0x400;
const STAGE2_BYTES = 2048;
const TABLE_OFFSET = 4;
const COMMAND_LINE_OFFSET = 0x400;
const COMMAND_LINE_BYTES = 1023;
const STAGE1_BYTES = 440;
const ALIGN_SECTORS = 2048;

const sectorsOf = (bytes: number): number => Math.ceil(bytes / SECTOR_BYTES);

export interface BootDiskLayout {
  readonly setup: { readonly sector: number; readonly sectors: number };
  readonly kernel: { readonly sector: number; readonly sectors: number };
  readonly initrd: { readonly sector: number; readonly sectors: number };
  readonly rootSector: number;
  readonly totalSectors: number;
}

export const layOut = (sizes: {
  setupBytes: number;
  kernelBytes: number;
  initrdBytes: number;
  rootBytes: number;
}): BootDiskLayout => {
  const setup = { sector: ALIGN_SECTORS, sectors: sectorsOf(sizes.setupBytes) };
  const kernel = { sector: setup.sector + setup.sectors, sectors: sectorsOf(sizes.kernelBytes) };
  const initrd = { sector: kernel.sector + kernel.sectors, sectors: sectorsOf(sizes.initrdBytes) };
  const rootSector = Math.ceil((initrd.sector + initrd.sectors) / ALIGN_SECTORS) * ALIGN_SECTORS;
  return { setup, kernel, initrd, rootSector, totalSectors: rootSector + sectorsOf(sizes.rootBytes) };
};

/** The second stage with its table filled in; the order is that of `table` in boot.S. */
export const secondStage = (
  loader: Buffer,
  layout: BootDiskLayout,
  initrd: { readonly address: number; readonly bytes: number },
  commandLine: string,
): Buffer => {
  const stage = Buffer.from(loader.subarray(STAGE2_OFFSET, STAGE2_OFFSET + STAGE2_BYTES));
  const text = Buffer.from(commandLine, 'latin1');
  if (text.length > COMMAND_LINE_BYTES) {
    throw new GuestBuildError('TooLarge', `command line has ${text.length} bytes, ${COMMAND_LINE_BYTES} fit`);
  }
  const table = [
    layout.setup.sector,
    layout.setup.sectors,
    layout.kernel.sector,
    layout.kernel.sectors,
    LOAD_ADDRESS,
    layout.initrd.sector,
    layout.initrd.sectors,
    initrd.address,
    initrd.bytes,
  ];
  table.forEach((value, index) => {
    stage.writeUInt32LE(value, TABLE_OFFSET + index * 4);
  });
  text.copy(stage, COMMAND_LINE_OFFSET);
  return stage;
};

/** Writes the whole disk to `path`; holes of the root file system stay holes. Returns its size. */
export const writeBootDisk = async (path: string, disk: BootDisk): Promise<number> => {
  const { setup, protectedMode } = parseBzImage(disk.bzImage, { repacked: true });
  const layout = layOut({
    setupBytes: setup.length,
    kernelBytes: protectedMode.length,
    initrdBytes: disk.initrd.length,
    rootBytes: disk.rootBytes,
  });
  const initrd = { address: disk.initrdAddress, bytes: disk.initrd.length };
  const file = await open(path, 'wx');
  try {
    const sizeBytes = layout.totalSectors * SECTOR_BYTES;
    await file.truncate(sizeBytes);
    await file.write(bootRecord(disk, layout), 0, SECTOR_BYTES, 0);
    const stage = secondStage(disk.loader, layout, initrd, disk.commandLine);
    await file.write(stage, 0, stage.length, SECTOR_BYTES);
    await file.write(setup, 0, setup.length, layout.setup.sector * SECTOR_BYTES);
    await file.write(protectedMode, 0, protectedMode.length, layout.kernel.sector * SECTOR_BYTES);
    await file.write(disk.initrd, 0, disk.initrd.length, layout.initrd.sector * SECTOR_BYTES);
    await copySparse(disk.rootImage, file, layout.rootSector * SECTOR_BYTES);
    await file.sync();
    return sizeBytes;
  } finally {
    await file.close();
  }
};

const bootRecord = (disk: BootDisk, layout: BootDiskLayout): Buffer =>
  masterBootRecord(disk.loader.subarray(0, STAGE1_BYTES), disk.diskId, [
    {
      type: PARTITION_LINUX,
      bootable: true,
      startSector: layout.rootSector,
      sectors: layout.totalSectors - layout.rootSector,
    },
    {
      type: PARTITION_RAW,
      bootable: false,
      startSector: ALIGN_SECTORS,
      sectors: layout.rootSector - ALIGN_SECTORS,
    },
  ]);

const COPY_BYTES = 64 * 1024;

const copySparse = async (from: string, to: FileHandle, toOffset: number): Promise<void> => {
  const source = await open(from, 'r');
  try {
    const buffer = Buffer.alloc(COPY_BYTES);
    const zeros = Buffer.alloc(COPY_BYTES);
    for (let at = 0; ; ) {
      const { bytesRead } = await source.read(buffer, 0, COPY_BYTES, at);
      if (bytesRead === 0) return;
      const chunk = buffer.subarray(0, bytesRead);
      if (!chunk.equals(zeros.subarray(0, bytesRead))) await to.write(chunk, 0, bytesRead, toOffset + at);
      at += bytesRead;
    }
  } finally {
    await source.close();
  }
};
