import { posix } from 'node:path';
import {
  type CallName,
  type Calls,
  VmkernelError,
  type VmkernelErrorCode,
} from '../../../kernel/abi/index.js';
import { newFlatDescriptor, parseDescriptor } from '../../../lib/vmdk/index.js';

interface Answer {
  readonly result: unknown;
  readonly data?: Uint8Array;
}

const KIB = 1024;

/** The files of a VMkernel double, in memory: a flat disk is its descriptor and an empty file beside it. */
export class DoubleFiles {
  readonly files = new Map<string, Buffer>();
  readonly folders = new Set<string>();
  readonly #volume: string;

  constructor(volume: string) {
    this.#volume = volume;
  }

  get root(): string {
    return `/vmfs/volumes/${this.#volume}`;
  }

  put(path: string, data: Buffer): void {
    this.files.set(path, data);
    for (let at = posix.dirname(path); at.startsWith(`${this.root}/`); at = posix.dirname(at)) {
      this.folders.add(at);
    }
  }

  /** @returns undefined for a call that is none of these */
  call(name: CallName, args: unknown, body: Uint8Array): Answer | undefined {
    const handlers: Partial<Record<CallName, (args: never, body: Uint8Array) => Answer>> = this.#handlers;
    const handler = handlers[name];
    if (handler === undefined) return undefined;
    const given = args as { path: string };
    const path = given.path.replace('/vmfs/volumes/storage1/', `${this.root}/`);
    return handler({ ...given, path } as never, body);
  }

  readonly #handlers = {
    fileRead: ({ path, offsetBytes, lengthBytes }: Calls['fileRead']['args']) => {
      const { modifiedMs } = this.#stat(path);
      return {
        result: { modifiedMs },
        data: this.#file(path).subarray(offsetBytes, offsetBytes + lengthBytes),
      };
    },
    fileWriteAtomic: ({ path }: Calls['fileWriteAtomic']['args'], body: Uint8Array) => {
      this.#requireFolder(posix.dirname(path));
      this.files.set(path, Buffer.from(body));
      return { result: this.#stat(path) };
    },
    fileStat: ({ path }: Calls['fileStat']['args']) => ({ result: this.#stat(path) }),
    fileList: ({ path }: Calls['fileList']['args']) => {
      this.#requireFolder(path);
      const entries = this.#in(path).map(one => ({ name: posix.basename(one), ...this.#stat(one) }));
      return { result: { entries } };
    },
    fileMkdir: ({ path }: Calls['fileMkdir']['args']) => {
      this.#requireFolder(posix.dirname(path));
      if (this.#has(path)) throw failure('AlreadyExists', path);
      this.folders.add(path);
      return { result: {} };
    },
    fileRemove: ({ path }: Calls['fileRemove']['args']) => {
      if (!this.#has(path)) throw failure('NotFound', path);
      if (this.#in(path).length > 0) throw failure('NotEmpty', path);
      this.files.delete(path);
      this.folders.delete(path);
      return { result: {} };
    },
    diskCreate: ({ path, sizeBytes, format, adapterType }: Calls['diskCreate']['args']) => {
      this.#requireFolder(posix.dirname(path));
      if (this.#has(path)) throw failure('AlreadyExists', path);
      const flat = path.replace(/\.vmdk$/, '-flat.vmdk');
      const descriptor = newFlatDescriptor({
        capacitySectors: sizeBytes / 512,
        flatFileName: posix.basename(flat),
        adapterType,
        uuid: new Uint8Array(16),
        cid: 1,
        thin: format === 'thin',
      });
      this.files.set(flat, Buffer.alloc(0));
      this.files.set(path, Buffer.from(descriptor.toBytes()));
      return { result: {} };
    },
    diskDelete: ({ path }: Calls['diskDelete']['args']) => {
      if (!this.files.has(path)) throw failure('DiskMissing', path);
      this.files.delete(path);
      this.files.delete(path.replace(/\.vmdk$/, '-flat.vmdk'));
      return { result: {} };
    },
    diskInfo: ({ path }: Calls['diskInfo']['args']) => {
      const { capacitySectors, createType } = parseDescriptor(this.#file(path));
      return { result: { createType, sizeBytes: capacitySectors * 512, extents: [] } };
    },
    diskExtend: ({ path, sizeBytes }: Calls['diskExtend']['args']) => {
      const text = this.#file(path).toString();
      this.files.set(path, Buffer.from(text.replace(/^RW \d+/m, `RW ${sizeBytes / 512}`)));
      return { result: {} };
    },
  };

  #file(path: string): Buffer {
    const file = this.files.get(path);
    if (file === undefined) throw failure('NotFound', path);
    return file;
  }

  #stat(path: string): Calls['fileStat']['result'] {
    if (!this.#has(path)) throw failure('NotFound', path);
    const file = this.files.get(path);
    const sizeBytes = file?.length ?? 4 * KIB;
    const type = file === undefined ? 'directory' : 'file';
    return { type, sizeBytes, allocatedBytes: sizeBytes, modifiedMs: 1_225_000_000_000, owner: 0 };
  }

  #has(path: string): boolean {
    return path === this.root || this.files.has(path) || this.folders.has(path);
  }

  #in(folder: string): string[] {
    return [...this.files.keys(), ...this.folders].filter(path => posix.dirname(path) === folder);
  }

  #requireFolder(path: string): void {
    if (path !== this.root && !this.folders.has(path)) throw failure('NotFound', path);
  }
}

function failure(code: VmkernelErrorCode, path: string): VmkernelError {
  return new VmkernelError(code, `${code}: ${path}`, { path });
}
