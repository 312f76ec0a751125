import { isUtf8 } from 'node:buffer';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { posix } from 'node:path';
import { lockFile, lockFileShared, O_PATH, openBeneath } from '../../../lib/linux/index.js';
import { type DirectoryEntry, type FileStat, VmkernelError } from '../../abi/index.js';

const MAX_ENTRIES = 5000;
const MAX_DEPTH = 64;
const FOLDER_MODE = 0o755;
const UNDER_WAY = /^\.[0-9a-f]{16}\.tmp$/;

/**
 * A datastore's folder, held by descriptor. Paths are relative to it, normalised, '' is the folder itself. Every
 * access resolves beneath it and through no symbolic link, whoever renames what meanwhile.
 */
export class DatastoreTree {
  readonly #fd: number;

  constructor(folder: string) {
    this.#fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  }

  close(): void {
    closeSync(this.#fd);
  }

  get rootPath(): string {
    return `/proc/self/fd/${this.#fd}`;
  }

  /** Opens a regular file. O_NONBLOCK: a FIFO put there must not hold the thread. */
  openFile(path: string, flags: number, mode = 0o600): number {
    const creates = (flags & constants.O_CREAT) !== 0;
    const fd = openBeneath(
      this.#fd,
      path,
      flags | constants.O_NONBLOCK | constants.O_NOFOLLOW,
      creates ? mode : 0,
    );
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
    throw new VmkernelError('InvalidArgument', `${path}: no file`, { path });
  }

  stat(path: string): FileStat {
    return fileStat(path === '' ? fstatSync(this.#fd) : this.inParent(path, place => lstatSync(place)));
  }

  /** @returns undefined when there is no such file; throws when its folder is missing */
  find(path: string): FileStat | undefined {
    const stats = this.inParent(path, place => lstatSync(place, { throwIfNoEntry: false }));
    return stats === undefined ? undefined : fileStat(stats);
  }

  /** Entries of a folder. What operations under way have made is not there yet. */
  list(path: string): DirectoryEntry[] {
    return this.inFolder(path, place => {
      const names = readdirSync(place).filter(name => !UNDER_WAY.test(name));
      if (names.length > MAX_ENTRIES)
        throw new VmkernelError('NotSupported', `${path}: ${names.length} entries`, {
          path,
          limit: MAX_ENTRIES,
        });
      return names.flatMap(name => {
        const stats = lstatSync(posix.join(place, name), { throwIfNoEntry: false });
        return stats === undefined ? [] : [{ name, ...fileStat(stats) }];
      });
    });
  }

  mkdir(path: string, recursive: boolean): void {
    const parts = path.split('/');
    const from = recursive ? 1 : parts.length;
    for (let depth = from; depth <= parts.length; depth++) {
      const folder = parts.slice(0, depth).join('/');
      try {
        this.inParent(folder, place => mkdirSync(place, FOLDER_MODE));
      } catch (error) {
        if (!recursive || !this.#isFolder(folder)) throw error;
      }
    }
  }

  rename(from: string, to: string): void {
    this.refuseIfAnyLocked(from);
    this.inParent(from, source => this.inParent(to, target => renameSync(source, target)));
  }

  /** A folder of which anything is locked is not begun with. */
  remove(path: string, recursive: boolean): void {
    if (recursive) this.refuseIfAnyLocked(path);
    this.#remove(path, recursive);
  }

  #remove(path: string, recursive: boolean, depth = 0): void {
    if (depth > MAX_DEPTH) throw new VmkernelError('NotSupported', `${path}: too deep`, { path });
    if (!this.inParent(path, place => lstatSync(place)).isDirectory()) {
      this.#refuseIfLocked(path);
      this.inParent(path, place => unlinkSync(place));
      return;
    }
    if (recursive) {
      this.#removeUnnameable(path);
      for (const name of this.inFolder(path, place => readdirSync(place)))
        this.#remove(posix.join(path, name), true, depth + 1);
    }
    this.inParent(path, place => rmdirSync(place));
  }

  /** Files whose names are no UTF-8: nobody can ask for them, and they must not keep a folder from going. */
  #removeUnnameable(path: string): void {
    this.inFolder(path, place => {
      for (const name of readdirSync(place, { encoding: 'buffer' }))
        if (!isUtf8(name)) unlinkSync(Buffer.concat([Buffer.from(`${place}/`), name]));
    });
  }

  /** @throws FileLocked when the file, or any file in the folder, is open as a disk or locked */
  refuseIfAnyLocked(path: string, depth = 0): void {
    if (depth > MAX_DEPTH) throw new VmkernelError('NotSupported', `${path}: too deep`, { path });
    if (!this.#isFolder(path)) {
      this.#refuseIfLocked(path);
      return;
    }
    for (const name of this.inFolder(path, place => readdirSync(place, { encoding: 'buffer' })))
      if (isUtf8(name)) this.refuseIfAnyLocked(posix.join(path, name.toString()), depth + 1);
  }

  /** Calls back with a path of the last component whose folder cannot change under it. */
  inParent<T>(path: string, use: (place: string) => T): T {
    const name = posix.basename(path);
    if (name === '') throw new VmkernelError('PermissionDenied', 'the datastore itself', { path });
    return this.inFolder(parentOf(path), folder => use(posix.join(folder, name)));
  }

  /** Calls back with a path of the folder that stays the same folder. */
  inFolder<T>(path: string, use: (place: string) => T): T {
    const fd = openBeneath(this.#fd, path === '' ? '.' : path, O_PATH | constants.O_DIRECTORY);
    try {
      return use(`/proc/self/fd/${fd}`);
    } finally {
      closeSync(fd);
    }
  }

  #isFolder(path: string): boolean {
    return this.inParent(path, place => lstatSync(place, { throwIfNoEntry: false }))?.isDirectory() ?? false;
  }

  /** A disk that a VM has open is neither moved nor removed. */
  #refuseIfLocked(path: string): void {
    if (!this.inParent(path, place => lstatSync(place)).isFile()) return;
    const fd = this.openFile(path, constants.O_RDWR);
    try {
      refuseIfLocked(fd, path);
    } finally {
      closeSync(fd);
    }
  }
}

/** @throws FileLocked when another open file holds the lock; otherwise the lock goes with `fd` */
export function refuseIfLocked(fd: number, path: string): void {
  if (!lockFile(fd)) throw new VmkernelError('FileLocked', `${path} is in use`, { path });
}

/** @throws FileLocked when somebody holds it alone; otherwise the lock goes with `fd` */
export function refuseIfLockedAlone(fd: number, path: string): void {
  if (!lockFileShared(fd)) throw new VmkernelError('FileLocked', `${path} is in use`, { path });
}

export function parentOf(path: string): string {
  const parent = posix.dirname(path);
  return parent === '.' ? '' : parent;
}

export function fileStat(stats: Stats): FileStat {
  return {
    type: stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other',
    sizeBytes: stats.size,
    allocatedBytes: stats.blocks * 512,
    modifiedMs: stats.mtimeMs,
    owner: stats.uid,
  };
}
