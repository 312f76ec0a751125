import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';
import { type Address, check, libc, SystemError } from './libc.js';

const mmap_ = libc.func('intptr_t mmap(intptr_t addr, size_t len, int prot, int flags, int fd, int64_t off)');
const munmap_ = libc.func('int munmap(intptr_t addr, size_t len)');
const memfdCreate_ = libc.func('int memfd_create(const char *name, unsigned int flags)');
const ftruncate_ = libc.func('int ftruncate(int fd, int64_t len)');
const fallocate_ = libc.func('int fallocate(int fd, int mode, int64_t off, int64_t len)');
const posixFallocate_ = libc.func('int posix_fallocate(int fd, int64_t off, int64_t len)');

export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const MAP_SHARED = 1;
export const MAP_PRIVATE = 2;
export const MAP_FIXED = 0x10;
export const MAP_NORESERVE = 0x4000;
export const MAP_POPULATE = 0x8000;

const MFD_CLOEXEC = 1;
const FALLOC_PUNCH_HOLE = 2;
const FALLOC_KEEP_SIZE = 1;

export function mmap(
  address: Address,
  lengthBytes: number,
  protection: number,
  flags: number,
  fd: number,
  offsetBytes = 0,
): Address {
  return check('mmap', Number(mmap_(address, lengthBytes, protection, flags, fd, offsetBytes)));
}

export function munmap(address: Address, lengthBytes: number): void {
  check('munmap', munmap_(address, lengthBytes));
}

/**
 * The bytes at `address` as an ArrayBuffer that aliases them; at most 4 GiB. Atomics work on it, Atomics.wait
 * does not. Unmapping while a view lives is a crash: the owner of the mapping drops its views first.
 */
export function viewOf(address: Address, lengthBytes: number): ArrayBuffer {
  return koffi.view(address, lengthBytes);
}

/** An anonymous file in memory, closed on exec; `sizeBytes` of holes. */
export function memfdCreate(name: string, sizeBytes: number): number {
  const fd = check('memfd_create', memfdCreate_(name, MFD_CLOEXEC), name);
  check('ftruncate', ftruncate_(fd, sizeBytes), name);
  return fd;
}

export function ftruncate(fd: number, sizeBytes: number): void {
  check('ftruncate', ftruncate_(fd, sizeBytes));
}

/** Reserves real space, so that a later store cannot meet SIGBUS. Throws ENOSPC. */
export function allocate(fd: number, offsetBytes: number, lengthBytes: number): void {
  const errno = posixFallocate_(fd, offsetBytes, lengthBytes) as number;
  if (errno !== 0) throw new SystemError('posix_fallocate', errno);
}

/** Gives the pages of a range back; they read as a hole afterwards. The file keeps its size. */
export function punchHole(fd: number, offsetBytes: number, lengthBytes: number): void {
  check('fallocate', fallocate_(fd, FALLOC_PUNCH_HOLE | FALLOC_KEEP_SIZE, offsetBytes, lengthBytes));
}

/**
 * Maps a whole file, populated, so that no store meets a fault later. Keep the view as long as the mapping is used;
 * it is never unmapped.
 */
export function mapFile(
  path: string,
  sizeBytes: number,
  writable: boolean,
): { address: Address; memory: ArrayBuffer } {
  const fd = openSync(path, writable ? 'r+' : 'r');
  try {
    const protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    const address = mmap(0, sizeBytes, protection, MAP_SHARED | MAP_POPULATE, fd);
    return { address, memory: viewOf(address, sizeBytes) };
  } finally {
    closeSync(fd);
  }
}
