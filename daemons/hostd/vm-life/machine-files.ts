import { posix } from 'node:path';
import { type FileStat, VmkernelError, type VmkernelErrorCode } from '../../../kernel/abi/index.js';
import type { DiskCreation } from '../vm-config/spec/spec-context.js';
import type { KernelCallOptions, VmkernelLink } from '../vmkernel/vmkernel-link.js';

/** Files and virtual disks of machines, by the VMkernel's calls. */
export class MachineFiles {
  readonly #link: () => VmkernelLink;

  constructor(link: () => VmkernelLink) {
    this.#link = link;
  }

  read(path: string, limitBytes: number): Promise<Buffer> {
    return this.#link().files.read(path, 0, limitBytes);
  }

  readDated(path: string, limitBytes: number): Promise<{ bytes: Buffer; modifiedMs: number }> {
    return this.#link().files.readDated(path, 0, limitBytes);
  }

  writeAtomic(path: string, data: Uint8Array): Promise<FileStat> {
    return this.#link().files.writeAtomic(path, data);
  }

  async exists(path: string): Promise<boolean> {
    const stat = await missingAs(undefined, this.#link().files.stat(path));
    return stat !== undefined;
  }

  /** Names in a folder; none when there is no folder. */
  async names(folder: string): Promise<string[]> {
    const entries = await missingAs([], this.#link().files.list(folder));
    return entries.map(({ name }) => name);
  }

  makeFolder(path: string): Promise<void> {
    return this.#link().files.mkdir(path);
  }

  async createDisk(
    { path, capacityKb, format, adapterType }: DiskCreation,
    options: KernelCallOptions = {},
  ): Promise<void> {
    const args = { path, sizeBytes: capacityKb * 1024, format, adapterType };
    await this.#link().call('diskCreate', args, options);
  }

  /** Undefined when there is no such disk or its descriptor is broken. */
  async diskSizeKb(path: string): Promise<number | undefined> {
    const codes: VmkernelErrorCode[] = ['NotFound', 'DiskMissing', 'InvalidDescriptor', 'NotADirectory'];
    const info = await unless(codes, undefined, this.#link().call('diskInfo', { path }));
    return info === undefined ? undefined : Math.floor(info.sizeBytes / 1024);
  }

  async extendDisk(path: string, capacityKb: number): Promise<void> {
    await this.#link().call('diskExtend', { path, sizeBytes: capacityKb * 1024 });
  }

  /** A disk that is not there is deleted. */
  async deleteDisk(path: string): Promise<void> {
    await missingAs({}, this.#link().call('diskDelete', { path }));
  }

  /** A file that is not there is removed. */
  async removeFile(path: string): Promise<void> {
    await missingAs(undefined, this.#link().files.remove(path));
  }

  /** A folder in which something is left stays; so does one that a running machine has its files in. */
  async removeFolder(path: string): Promise<void> {
    // The datastore itself is nobody's folder.
    if (posix.dirname(path) === '/vmfs/volumes') return;
    const codes: VmkernelErrorCode[] = ['NotFound', 'NotEmpty', 'NotADirectory', 'FileLocked'];
    await unless(codes, undefined, this.#link().files.remove(path));
  }
}

function missingAs<T, U>(value: U, call: Promise<T>): Promise<T | U> {
  return unless(['NotFound', 'DiskMissing', 'NotADirectory'], value, call);
}

async function unless<T, U>(codes: readonly VmkernelErrorCode[], value: U, call: Promise<T>): Promise<T | U> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof VmkernelError && codes.includes(error.code)) return value;
    throw error;
  }
}
