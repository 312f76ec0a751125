import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { check, lastErrno, libc, SystemError } from './libc.js';

const openat2_ = libc.func('syscall', 'long', ['long', 'int', 'const char *', 'void *', 'size_t']);

const SYS_OPENAT2 = 437;
const RESOLVE_NO_MAGICLINKS = 2;
const RESOLVE_NO_SYMLINKS = 4;
const RESOLVE_BENEATH = 8;
const EAGAIN = 11;
const TRIES = 32;

export const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;

/**
 * Opens `path` under the folder `dirFd`, closed on exec. No component may be a symbolic link and none may lead out of
 * the folder, whoever renames what meanwhile. Throws SystemError: ELOOP for a link, EXDEV for a way out.
 */
export function openBeneath(dirFd: number, path: string, flags: number, mode = 0): number {
  const how = new BigUint64Array([
    BigInt(flags | O_CLOEXEC),
    BigInt(mode),
    BigInt(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS),
  ]);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const fd = Number(openat2_(SYS_OPENAT2, dirFd, path, how, how.byteLength));
    if (fd >= 0) return fd;
    // The kernel gives up with EAGAIN when a rename was under way.
    if (lastErrno() !== EAGAIN) check('openat2', -1, path);
  }
  throw new SystemError('openat2', EAGAIN, path);
}

/**
 * Reads the beginning of a file below `folder` where somebody else may have laid links, FIFOs or devices.
 * @returns undefined where there is no plain file, or none that may be read
 */
export function readBeneath(folder: string, path: string, maxBytes: number): string | undefined {
  const dirFd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const fd = openBeneath(dirFd, path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const status = fstatSync(fd);
      if (!status.isFile()) return undefined;
      const bytes = Buffer.alloc(Math.min(maxBytes, status.size));
      return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  } finally {
    closeSync(dirFd);
  }
}

/**
 * Replaces `name` in `path` below `folder`, durably and as a whole, without following a link that somebody else laid.
 * The folder must exist. @throws SystemError, errors of Node's
 */
export function writeBeneath(folder: string, path: string, name: string, text: string): void {
  const topFd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const dirFd = openBeneath(topFd, path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      replaceIn(dirFd, name, text);
    } finally {
      closeSync(dirFd);
    }
  } finally {
    closeSync(topFd);
  }
}

/** The descriptor names the folder, whatever becomes of its path. */
function replaceIn(dirFd: number, name: string, text: string): void {
  const inFolder = (file: string): string => `/proc/self/fd/${dirFd}/${file}`;
  const fresh = inFolder(`${name}.new`);
  rmSync(fresh, { force: true });
  const fd = openSync(fresh, 'wx', 0o644);
  try {
    fchmodSync(fd, 0o644);
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, inFolder(name));
  fsyncSync(dirFd);
}
