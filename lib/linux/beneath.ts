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
