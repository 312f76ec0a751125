import { randomBytes } from 'node:crypto';
import { closeSync, constants, fsyncSync } from 'node:fs';
import { posix } from 'node:path';
import { VmkernelError } from '../../abi/index.js';
import { writeAll } from '../files/contents.js';
import { type DatastoreTree, parentOf, refuseIfLocked } from '../files/tree.js';
import type { Place, Trees } from './journal.js';

const { O_CREAT, O_EXCL, O_RDWR } = constants;
const FILE_MODE = 0o600;

/** A name beside a file, for what is not yet it. */
export function temporaryBeside({ volume, path }: Place): Place {
  return { volume, path: posix.join(parentOf(path), `.${randomBytes(8).toString('hex')}.tmp`) };
}

export function createFile(trees: Trees, { volume, path }: Place, mode = FILE_MODE): number {
  return trees(volume).openFile(path, O_RDWR | O_CREAT | O_EXCL, mode);
}

/** A new small file, durable. */
export function writeFile(trees: Trees, place: Place, bytes: Uint8Array): void {
  const fd = createFile(trees, place);
  try {
    writeAll(fd, bytes, 0);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

export function exists(tree: DatastoreTree, path: string): boolean {
  return tree.find(path) !== undefined;
}

/**
 * That a file may be written there. @throws AlreadyExists, FileLocked when a VM has open what would be replaced,
 * NotFound without its folder
 */
export function requireWritable(trees: Trees, { volume, path }: Place, overwrite: boolean): void {
  const tree = trees(volume);
  const present = tree.find(path);
  if (present === undefined) return;
  if (!overwrite || present.type === 'directory')
    throw new VmkernelError('AlreadyExists', `${path} is there already`, { path });
  if (present.type !== 'file') return;
  const fd = tree.openFile(path, O_RDWR);
  try {
    refuseIfLocked(fd, path);
  } finally {
    closeSync(fd);
  }
}
