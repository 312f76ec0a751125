import { join } from 'node:path';
import { mapFile } from '../../lib/linux/index.js';
import { HostFile, MemoryFile, SchedFile, StorageFile, VmmFile } from '../abi/index.js';

/** The shared memory of a boot as any process may read it: PROT_READ, so that a stray write is caught. */
export interface Statistics {
  readonly host: HostFile;
  readonly sched: SchedFile;
  readonly memory: MemoryFile;
  readonly storage: StorageFile;
}

/** The files of a boot that hold them: all of its shared memory that the service console sees. */
export const STATISTICS_FILES: readonly string[] = [
  HostFile.NAME,
  SchedFile.NAME,
  MemoryFile.NAME,
  StorageFile.NAME,
];

/** @throws AbiMismatch when the running host was built from other layouts; ENOENT when it is gone */
export function attachStatistics(shmDir: string): Statistics {
  const open = (name: string, sizeBytes: number): ArrayBuffer =>
    mapFile(join(shmDir, name), sizeBytes, false).memory;
  return {
    host: new HostFile(open(HostFile.NAME, HostFile.SIZE_BYTES)),
    sched: new SchedFile(open(SchedFile.NAME, SchedFile.SIZE_BYTES)),
    memory: new MemoryFile(open(MemoryFile.NAME, MemoryFile.SIZE_BYTES)),
    storage: new StorageFile(open(StorageFile.NAME, StorageFile.SIZE_BYTES)),
  };
}

/** The report of one virtual CPU's monitor, by the id of its world. */
export function attachVmm(shmDir: string, worldId: number): VmmFile {
  return new VmmFile(mapFile(join(shmDir, `${VmmFile.NAME}-${worldId}`), VmmFile.SIZE_BYTES, false).memory);
}
