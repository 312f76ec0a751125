import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { allocate, ftruncate, mapFile, munmap, SystemError } from '../../lib/linux/index.js';
import { DiskCompletionFileWriter, DiskRequestFileWriter, VmkernelError } from '../abi/index.js';

/** How much a VM may have outstanding on its disk ring. */
export interface RingSizes {
  readonly depth: number;
  readonly requestArenaBytes: number;
  readonly completionArenaBytes: number;
}

/** IDE: two channels, one command each. One transfer of the largest size each way fits. */
export const IDE_RING_SIZES: RingSizes = {
  depth: 4,
  requestArenaBytes: 1 << 20,
  completionArenaBytes: 1 << 20,
};

export interface RingNames {
  readonly request: string;
  readonly completion: string;
}

/** @throws VmkernelError ShmTooSmall {neededBytes}; nothing is left then */
export function createRingFiles(shmDir: string, worldId: number, sizes: RingSizes): RingNames {
  const names = { request: `disk-${worldId}-request`, completion: `disk-${worldId}-completion` };
  try {
    createShmFile(
      join(shmDir, names.request),
      DiskRequestFileWriter.SIZE_BYTES + sizes.requestArenaBytes,
      memory => DiskRequestFileWriter.stamp(memory),
    );
    const completionBytes = DiskCompletionFileWriter.SIZE_BYTES + sizes.completionArenaBytes;
    createShmFile(join(shmDir, names.completion), completionBytes, memory => stampCompletion(memory, sizes));
  } catch (error) {
    removeRingFiles(shmDir, names);
    throw error;
  }
  return names;
}

export function removeRingFiles(shmDir: string, names: RingNames): void {
  for (const name of [names.request, names.completion]) rmSync(join(shmDir, name), { force: true });
}

/** Makes a shared-memory file whose space is really there. */
export function createShmFile(path: string, sizeBytes: number, stamp: (memory: ArrayBuffer) => void): void {
  const fd = openSync(path, 'wx', 0o600);
  try {
    ftruncate(fd, sizeBytes);
    allocate(fd, 0, sizeBytes);
  } catch (error) {
    rmSync(path, { force: true });
    if (error instanceof SystemError && error.code === 'ENOSPC')
      throw new VmkernelError('ShmTooSmall', `no room for ${path}`, { path, neededBytes: sizeBytes });
    throw error;
  } finally {
    closeSync(fd);
  }
  const { address, memory } = mapFile(path, sizeBytes, true);
  stamp(memory);
  munmap(address, sizeBytes);
}

function stampCompletion(memory: ArrayBuffer, sizes: RingSizes): void {
  DiskCompletionFileWriter.stamp(memory);
  const control = new DiskCompletionFileWriter(memory).diskCompletionControl;
  control.setDepth(sizes.depth);
  control.setRequestArenaBytes(sizes.requestArenaBytes);
  control.setCompletionArenaBytes(sizes.completionArenaBytes);
}
