import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { posix } from 'node:path';
import type { FileStat } from '../../abi/index.js';
import { type DatastoreTree, fileStat, refuseIfLocked } from './tree.js';

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
const FILE_MODE = 0o600;

export interface Contents {
  readonly bytes: Uint8Array;
  readonly modifiedMs: number;
}

/** Fewer bytes than asked mean the end of the file. */
export function readContents(
  tree: DatastoreTree,
  path: string,
  offsetBytes: number,
  lengthBytes: number,
): Contents {
  const fd = tree.openFile(path, O_RDONLY);
  try {
    const { size, mtimeMs } = fstatSync(fd);
    const left = Math.max(0, size - offsetBytes);
    const out = new Uint8Array(Math.min(lengthBytes, left));
    let done = 0;
    while (done < out.length) {
      const n = readSync(fd, out, done, out.length - done, offsetBytes + done);
      if (n === 0) break;
      done += n;
    }
    return { bytes: out.subarray(0, done), modifiedMs: mtimeMs };
  } finally {
    closeSync(fd);
  }
}

export interface WriteOptions {
  readonly offsetBytes: number;
  readonly create: boolean;
  readonly truncate: boolean;
}

/** @throws FileLocked when a VM has it open as a disk */
export function writeContents(
  tree: DatastoreTree,
  path: string,
  data: Uint8Array,
  options: WriteOptions,
): void {
  const fd = tree.openFile(path, O_WRONLY | (options.create ? O_CREAT : 0), FILE_MODE);
  try {
    refuseIfLocked(fd, path);
    if (options.truncate) ftruncateSync(fd, 0);
    writeAll(fd, data, options.offsetBytes);
  } finally {
    closeSync(fd);
  }
}

/** One write at the end of the file, which is made where it is missing. */
export function appendContents(tree: DatastoreTree, path: string, data: Uint8Array): void {
  const fd = tree.openFile(path, O_WRONLY | O_APPEND | O_CREAT, FILE_MODE);
  try {
    writeAll(fd, data, null);
  } finally {
    closeSync(fd);
  }
}

/** Whatever dies, the old or the new content is there; what was returned for is on stable storage. */
export function replaceContents(tree: DatastoreTree, path: string, data: Uint8Array): FileStat {
  return tree.inParent(path, place => {
    const mode = lstatSync(place, { throwIfNoEntry: false })?.mode ?? FILE_MODE;
    const folder = posix.dirname(place);
    const temporary = posix.join(folder, `.${randomBytes(8).toString('hex')}.tmp`);
    const fd = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode & 0o777);
    let stat: FileStat;
    try {
      try {
        writeAll(fd, data, 0);
        fsyncSync(fd);
        stat = fileStat(fstatSync(fd));
      } finally {
        closeSync(fd);
      }
      renameSync(temporary, place);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    syncFolder(folder);
    return stat;
  });
}

export function syncFolder(place: string): void {
  const fd = openSync(place, O_RDONLY | O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

export function writeAll(fd: number, data: Uint8Array, offsetBytes: number | null): void {
  let done = 0;
  while (done < data.length)
    done += writeSync(fd, data, done, data.length - done, offsetBytes === null ? null : offsetBytes + done);
}
