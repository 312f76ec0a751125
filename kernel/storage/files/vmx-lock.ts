import { closeSync, constants, fstatSync, lstatSync, unlinkSync, writeSync } from 'node:fs';
import { posix } from 'node:path';
import { lockFile } from '../../../lib/linux/index.js';
import { VmkernelError } from '../../abi/index.js';
import { type DatastoreTree, refuseIfLocked } from './tree.js';

/** Lock files on NAS are 84 bytes with the owner's name at 14h. */
const LOCK_BYTES = 84;
const OWNER_OFFSET = 0x14;
const TRIES = 8;

/**
 * Locks a .vmx by a file beside it, because the .vmx itself is replaced at every change. The lock is the open file's:
 * a file that a dead host left behind is taken over.
 * @returns the descriptor that holds the lock
 * @throws VmkernelError FileLocked {path, owner}, NotFound when there is no such .vmx
 */
export function lockVmx(tree: DatastoreTree, path: string, shown: string, owner: string): number {
  if (tree.stat(path).type !== 'file')
    throw new VmkernelError('InvalidArgument', `${path}: no file`, { path });
  const fd = takeLock(tree, path, shown);
  const record = Buffer.alloc(LOCK_BYTES);
  record.write(owner.slice(0, LOCK_BYTES - OWNER_OFFSET - 1), OWNER_OFFSET);
  writeSync(fd, record, 0, LOCK_BYTES, 0);
  return fd;
}

/**
 * Holds the lock of `path` while it is replaced or goes, so that no power-on reads it meanwhile; it may be missing.
 * Files that are no .vmx have no such lock.
 * @throws VmkernelError FileLocked {path}
 */
export function whileVmxIsFree(tree: DatastoreTree, path: string, shown: string, act: () => void): void {
  if (!isVmx(path)) {
    act();
    return;
  }
  const fd = takeLock(tree, path, shown);
  try {
    act();
  } finally {
    unlockVmx(tree, path, fd);
  }
}

function takeLock(tree: DatastoreTree, path: string, shown: string): number {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const fd = tree.openFile(lockPath(path), constants.O_RDWR | constants.O_CREAT);
    if (!lockFile(fd)) {
      closeSync(fd);
      const place = posix.join(shown, path);
      throw new VmkernelError('FileLocked', `${place} is in use`, { path: place });
    }
    if (isStillThere(tree, path, fd)) return fd;
    closeSync(fd);
  }
  throw new VmkernelError('Busy', `${path}: its lock keeps changing hands`, { path });
}

/** @throws VmkernelError FileLocked {path} while somebody, this host or another, holds the lock of the .vmx `path` */
export function refuseIfVmxLocked(tree: DatastoreTree, path: string, shown: string): void {
  if (!isVmx(path) || !hasLockFile(tree, path)) return;
  const fd = tree.openFile(lockPath(path), constants.O_RDWR);
  try {
    refuseIfLocked(fd, posix.join(shown, path));
  } finally {
    closeSync(fd);
  }
}

function isVmx(path: string): boolean {
  return /\.vmx$/i.test(path);
}

function hasLockFile(tree: DatastoreTree, path: string): boolean {
  try {
    return tree.inParent(lockPath(path), place => lstatSync(place, { throwIfNoEntry: false })) !== undefined;
  } catch {
    // No such folder: what was asked for says so better.
    return false;
  }
}

/** Removes the lock file while it is still locked, so that nobody can hold a lock on a removed one unnoticed. */
export function unlockVmx(tree: DatastoreTree, path: string, fd: number): void {
  if (isStillThere(tree, path, fd)) tree.inParent(lockPath(path), place => unlinkSync(place));
  closeSync(fd);
}

function isStillThere(tree: DatastoreTree, path: string, fd: number): boolean {
  const named = tree.inParent(lockPath(path), place => lstatSync(place, { throwIfNoEntry: false }));
  return named !== undefined && named.ino === fstatSync(fd).ino;
}

function lockPath(path: string): string {
  return `${path}.lck`;
}
