import { type Address, check, lastErrno, libc } from './libc.js';

const pread_ = libc.func('pread', 'int64_t', ['int', 'intptr_t', 'size_t', 'int64_t']);
const pwrite_ = libc.func('pwrite', 'int64_t', ['int', 'intptr_t', 'size_t', 'int64_t']);
const preadv2_ = libc.func('preadv2', 'int64_t', ['int', 'void *', 'int', 'int64_t', 'int']);
const pwritev2_ = libc.func('pwritev2', 'int64_t', ['int', 'void *', 'int', 'int64_t', 'int']);
const fdatasync_ = libc.func('int fdatasync(int fd)');
const lseek_ = libc.func('int64_t lseek(int fd, int64_t off, int whence)');
const fcntlLock_ = libc.func('fcntl', 'int', ['int', 'int', 'void *']);
const eventfd_ = libc.func('int eventfd(unsigned int value, int flags)');
const read_ = libc.func('int64_t read(int fd, void *buf, size_t n)');
const write_ = libc.func('int64_t write(int fd, void *buf, size_t n)');
const epollCreate_ = libc.func('int epoll_create1(int flags)');
const epollCtl_ = libc.func('int epoll_ctl(int epfd, int op, int fd, void *event)');
const epollWait_ = libc.func('int epoll_wait(int epfd, void *events, int max, int timeout)');

const F_OFD_SETLK = 37;
const F_RDLCK = 0;
const F_WRLCK = 1;
const F_UNLCK = 2;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const ENXIO = 6;
const EAGAIN = 11;
const EACCES = 13;
const RWF_DSYNC = 2;
const RWF_NOWAIT = 8;
const EFD_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const EPOLLIN = 1;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;

/** Reads into raw memory. @returns bytes read or -errno */
export function preadAt(fd: number, address: Address, lengthBytes: number, offsetBytes: number): number {
  const n = Number(pread_(fd, address, lengthBytes, offsetBytes));
  return n < 0 ? -lastErrno() : n;
}

/** Writes from raw memory. @returns bytes written or -errno */
export function pwriteAt(fd: number, address: Address, lengthBytes: number, offsetBytes: number): number {
  const n = Number(pwrite_(fd, address, lengthBytes, offsetBytes));
  return n < 0 ? -lastErrno() : n;
}

const vector = new Float64Array(2); // struct iovec: two 64-bit words, written as pairs of 32
const vectorWords = new Uint32Array(vector.buffer);

function pointVector(address: Address, lengthBytes: number): Float64Array {
  vectorWords[0] = address >>> 0;
  vectorWords[1] = Math.floor(address / 4294967296);
  vectorWords[2] = lengthBytes >>> 0;
  vectorWords[3] = 0;
  return vector;
}

/**
 * Reads what Linux has in memory, without waiting for a disk. Less than 4 GiB.
 * @returns bytes read, fewer than asked where the rest is not cached, or -errno (EAGAIN, EOPNOTSUPP)
 */
export function preadCached(fd: number, address: Address, lengthBytes: number, offsetBytes: number): number {
  const n = Number(preadv2_(fd, pointVector(address, lengthBytes), 1, offsetBytes, RWF_NOWAIT));
  return n < 0 ? -lastErrno() : n;
}

/** Writes, and returns when the data is on stable storage. Less than 4 GiB. @returns bytes written or -errno */
export function pwriteDurable(
  fd: number,
  address: Address,
  lengthBytes: number,
  offsetBytes: number,
): number {
  const n = Number(pwritev2_(fd, pointVector(address, lengthBytes), 1, offsetBytes, RWF_DSYNC));
  return n < 0 ? -lastErrno() : n;
}

/** @returns 0 or -errno */
export function fdatasync(fd: number): number {
  return fdatasync_(fd) === 0 ? 0 : -lastErrno();
}

/**
 * Takes an open-file-description lock on the whole file: it goes with the descriptor, whoever dies.
 * @returns false when somebody else holds it
 */
export function lockFile(fd: number): boolean {
  return setLock(fd, F_WRLCK);
}

/** As lockFile, beside others who only read. @returns false when somebody holds it alone */
export function lockFileShared(fd: number): boolean {
  return setLock(fd, F_RDLCK);
}

export function unlockFile(fd: number): void {
  setLock(fd, F_UNLCK);
}

function setLock(fd: number, type: number): boolean {
  const lock = new Int16Array(16); // struct flock of x86-64: type, whence, start, len, pid
  lock[0] = type;
  if (fcntlLock_(fd, F_OFD_SETLK, lock) === 0) return true;
  const errno = lastErrno();
  if (errno === EAGAIN || errno === EACCES) return false;
  check('fcntl(F_OFD_SETLK)', -1);
  return false;
}

export interface DataRun {
  readonly startBytes: number;
  readonly endBytes: number;
}

/** The next run of a file that is no hole, from an offset on; undefined when only a hole follows. */
export function nextData(fd: number, fromBytes: number): DataRun | undefined {
  const startBytes = Number(lseek_(fd, fromBytes, SEEK_DATA));
  if (startBytes < 0) {
    if (lastErrno() !== ENXIO) check('lseek(SEEK_DATA)', -1);
    return undefined;
  }
  return { startBytes, endBytes: check('lseek(SEEK_HOLE)', Number(lseek_(fd, startBytes, SEEK_HOLE))) };
}

/** A doorbell between processes. Not closed on exec when `inherit`. */
export function eventfdCreate(inherit: boolean): number {
  return check('eventfd', eventfd_(0, EFD_NONBLOCK | (inherit ? 0 : O_CLOEXEC)));
}

const one = new BigUint64Array([1n]);
const counter = new BigUint64Array(1);

export function eventfdSignal(fd: number): void {
  if (Number(write_(fd, one, 8)) < 0 && lastErrno() !== EAGAIN) check('write(eventfd)', -1);
}

/** Clears the doorbell. @returns whether it had been rung */
export function eventfdClear(fd: number): boolean {
  return Number(read_(fd, counter, 8)) === 8;
}

/** epoll over descriptors that stay for long; waiting allocates nothing. */
export class Epoll {
  readonly #fd = check('epoll_create1', epollCreate_(O_CLOEXEC));
  readonly #events = new Uint32Array(3 * 64); // struct epoll_event is packed on x86-64: events, data low, data high

  get fd(): number {
    return this.#fd;
  }

  add(fd: number, tag: number): void {
    check('epoll_ctl', epollCtl_(this.#fd, EPOLL_CTL_ADD, fd, new Uint32Array([EPOLLIN, tag, 0])));
  }

  remove(fd: number): void {
    check('epoll_ctl', epollCtl_(this.#fd, EPOLL_CTL_DEL, fd, new Uint32Array(3)));
  }

  /** Waits at most `timeoutMs` (keep it at 100 or less in a worker). @returns how many are ready; {@link tag} names each */
  wait(timeoutMs: number): number {
    const n = epollWait_(this.#fd, this.#events, 64, timeoutMs) as number;
    return n < 0 ? 0 : n;
  }

  tag(index: number): number {
    return this.#events[index * 3 + 1] ?? 0;
  }
}
