import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newFlatDescriptor } from '../../../lib/vmdk/index.js';
import { BellFileWriter, SchedFileWriter } from '../../abi/index.js';
import { createShmFile, type RingSizes } from '../ring-files.js';
import { type StorageOptions, StorageSystem } from '../system.js';

const THREADS = new URL('../../../dist/kernel/storage/', import.meta.url);

/** A storage system in folders of its own, with the threads of the built tree. For tests. */
export class StorageHost {
  readonly root = mkdtempSync(join(tmpdir(), 'storage-'));
  readonly shmDir = mkdtempSync('/dev/shm/storage-');
  readonly broken: number[] = [];
  readonly fatal: Error[] = [];
  readonly system: StorageSystem;

  constructor(options: Partial<StorageOptions> = {}, labels: readonly string[] = []) {
    mkdirSync(join(this.root, 'run', 'vmkernel'), { recursive: true });
    for (const label of ['storage1', ...labels]) mkdirSync(this.folder(label), { recursive: true });
    for (const file of [BellFileWriter, SchedFileWriter])
      createShmFile(join(options.shmDir ?? this.shmDir, file.NAME), file.SIZE_BYTES, memory =>
        file.stamp(memory),
      );
    this.system = new StorageSystem({
      rootDir: this.root,
      shmDir: this.shmDir,
      hostName: 'esx.test',
      threadsDir: THREADS,
      onFatal: error => this.fatal.push(error),
      onRingBroken: worldId => this.broken.push(worldId),
      ...options,
    });
  }

  folder(label: string, ...rest: string[]): string {
    return join(this.root, 'datastores', label, ...rest);
  }

  /** Makes `<vm>/<name>.vmdk` with its flat file of zeros. */
  makeDisk(label: string, vm: string, name: string, sectors = 2048): void {
    mkdirSync(this.folder(label, vm), { recursive: true });
    const disk = {
      capacitySectors: sectors,
      flatFileName: `${name}-flat.vmdk`,
      cid: 1,
      thin: false,
    } as const;
    const descriptor = newFlatDescriptor({ ...disk, adapterType: 'ide', uuid: new Uint8Array(16).fill(1) });
    writeFileSync(this.folder(label, vm, `${name}.vmdk`), descriptor.toBytes());
    writeFileSync(this.folder(label, vm, `${name}-flat.vmdk`), '');
    truncateSync(this.folder(label, vm, `${name}-flat.vmdk`), sectors * 512);
  }

  open(worldId: number, label: string, vm: string, fileNames: readonly string[], sizes?: RingSizes) {
    const identity = { worldId, vmRow: worldId % 16, vmGeneration: 1, vmmWorldRow: worldId % 16 };
    const disks = fileNames.map((fileName, unit) => ({ node: `ide0:${unit}`, fileName }));
    return this.system.openDisks(
      { ...identity, vmxPath: `/vmfs/volumes/${label}/${vm}/${vm}.vmx` },
      disks,
      sizes,
    );
  }

  /** What disks left in shared memory. */
  ringFiles(): string[] {
    return readdirSync(this.shmDir).filter(name => name.startsWith('disk-'));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
    rmSync(this.shmDir, { recursive: true, force: true });
  }
}
