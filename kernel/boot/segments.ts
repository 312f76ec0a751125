import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { allocate, SystemError } from '../../lib/linux/index.js';
import {
  BellFileWriter,
  FILE_HEADER_BYTES,
  HostFileWriter,
  MemoryFileWriter,
  SchedFileWriter,
  StorageFileWriter,
  VmkernelError,
} from '../abi/index.js';

interface SegmentKind {
  readonly NAME: string;
  readonly SIZE_BYTES: number;
  stamp(memory: ArrayBuffer): void;
}

const BOOT_SEGMENTS: readonly SegmentKind[] = [
  HostFileWriter,
  SchedFileWriter,
  MemoryFileWriter,
  BellFileWriter,
  StorageFileWriter,
];

/** Shared memory that one tiny VM needs besides: its report and a disk ring. */
const ROOM_FOR_ONE_VM_BYTES = 4 << 20;

/**
 * Whether a boot's files fit: a too small /dev/shm is an error here, never a SIGBUS later.
 * @throws VmkernelError ShmTooSmall {path, neededBytes, availableBytes}
 */
export function checkSharedMemory(shmDir: string): void {
  const parent = join(shmDir, '..');
  const neededBytes = BOOT_SEGMENTS.reduce((sum, kind) => sum + kind.SIZE_BYTES, ROOM_FOR_ONE_VM_BYTES);
  const { bavail, bsize } = statfsSync(parent);
  if (bavail * bsize < neededBytes) throw tooSmall(parent, neededBytes, bavail * bsize);
}

/** Makes the boot's files in its folder. @throws VmkernelError ShmTooSmall */
export function createBootSegments(shmDir: string): void {
  for (const kind of BOOT_SEGMENTS) createSegment(join(shmDir, kind.NAME), kind);
}

/** @throws VmkernelError ShmTooSmall */
export function createSegment(path: string, kind: SegmentKind): void {
  const fd = openSync(path, 'wx+', 0o600);
  try {
    allocateOrRemove(fd, path, kind.SIZE_BYTES);
    const header = new ArrayBuffer(FILE_HEADER_BYTES);
    kind.stamp(header);
    writeSync(fd, new Uint8Array(header), 0, FILE_HEADER_BYTES, 0);
  } finally {
    closeSync(fd);
  }
}

function allocateOrRemove(fd: number, path: string, sizeBytes: number): void {
  try {
    allocate(fd, 0, sizeBytes);
  } catch (error) {
    rmSync(path, { force: true });
    if (error instanceof SystemError && error.code === 'ENOSPC') throw tooSmall(path, sizeBytes, 0);
    throw error;
  }
}

export function removeBootSegments(shmDir: string): void {
  rmSync(shmDir, { recursive: true, force: true });
}

function tooSmall(path: string, neededBytes: number, availableBytes: number): VmkernelError {
  const details = { path, neededBytes, availableBytes };
  const message = `Shared memory at ${path} is too small: ${neededBytes} bytes are needed, ${availableBytes} are free`;
  return new VmkernelError('ShmTooSmall', message, details);
}
