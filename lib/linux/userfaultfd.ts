import { type Address, check, lastErrno, libc } from './libc.js';

const syscall1_ = libc.func('syscall', 'long', ['long', 'long']);
const ioctl_ = libc.func('ioctl', 'int', ['int', 'ulong', 'void *']);
const read_ = libc.func('int64_t read(int fd, void *buf, size_t n)');
const poll_ = libc.func('int poll(void *fds, unsigned long n, int ms)');

const SYS_USERFAULTFD = 323;
const O_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;
const UFFD_USER_MODE_ONLY = 1;
const UFFDIO_API = 0xc018aa3f;
const UFFDIO_REGISTER = 0xc020aa00;
const UFFDIO_WAKE = 0x8010aa02;
const UFFDIO_COPY = 0xc028aa03;
const UFFDIO_ZEROPAGE = 0xc020aa04;
const UFFD_API = 0xaa;
const UFFD_EVENT_PAGEFAULT = 0x12;
const MESSAGE_BYTES = 32;
const EAGAIN = 11;

export const UFFD_FEATURE_MISSING_SHMEM = 1 << 5;
export const UFFD_FEATURE_THREAD_ID = 1 << 8;
export const UFFDIO_REGISTER_MODE_MISSING = 1;

const argument = new BigUint64Array(5);

/**
 * Opens a userfaultfd in this process. Handles faults of the processor only when the machine allows no more:
 * guests touch their RAM by loads and stores alone, so user-mode faults are all there are.
 */
export function userfaultfdOpen(features: number): number {
  const fd = check(
    'userfaultfd',
    Number(syscall1_(SYS_USERFAULTFD, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY)),
  );
  argument[0] = BigInt(UFFD_API);
  argument[1] = BigInt(features);
  argument[2] = 0n;
  check('UFFDIO_API', ioctl_(fd, UFFDIO_API, argument));
  return fd;
}

export function userfaultfdRegister(fd: number, address: Address, lengthBytes: number, mode: number): void {
  argument[0] = BigInt(address);
  argument[1] = BigInt(lengthBytes);
  argument[2] = BigInt(mode);
  argument[3] = 0n;
  check('UFFDIO_REGISTER', ioctl_(fd, UFFDIO_REGISTER, argument));
}

/**
 * The resolving end of userfaultfds: reads faults, fills holes. Its buffers are its own, so faults allocate nothing
 * but the BigInts that 64-bit ioctl arguments need.
 */
export class FaultResolver {
  readonly #events = new Uint8Array(MESSAGE_BYTES * 32);
  readonly #view = new DataView(this.#events.buffer);
  readonly #words = new Uint32Array(this.#events.buffer);
  readonly #range = new Uint32Array(10);

  /** Reads waiting faults of `fd`. @returns their number; {@link addressOf} tells each. */
  read(fd: number): number {
    const length = Number(read_(fd, this.#events, this.#events.byteLength));
    if (length < 0) {
      const errno = lastErrno();
      if (errno === EAGAIN) return 0;
      check('read(userfaultfd)', -1);
    }
    return length / MESSAGE_BYTES;
  }

  isPageFault(index: number): boolean {
    return this.#view.getUint8(index * MESSAGE_BYTES) === UFFD_EVENT_PAGEFAULT;
  }

  /** The faulting address, page aligned. */
  addressOf(index: number): Address {
    const word = (index * MESSAGE_BYTES + 16) >>> 2;
    const low = ((this.#words[word] ?? 0) & ~0xfff) >>> 0;
    return low + (this.#words[word + 1] ?? 0) * 4294967296;
  }

  /** Whether the access was a write. */
  isWrite(index: number): boolean {
    return (this.#view.getUint8(index * MESSAGE_BYTES + 8) & 1) !== 0;
  }

  /** Fills a hole with zeroes and wakes who waits. @returns 0 or the errno (EEXIST: someone was faster) */
  zero(fd: number, address: Address, lengthBytes: number): number {
    this.#setRange(address, lengthBytes);
    this.#range.fill(0, 4);
    return ioctl_(fd, UFFDIO_ZEROPAGE, this.#range) === 0 ? 0 : lastErrno();
  }

  /** What the last {@link zero} filled before it failed; negative when nothing. */
  get zeroedBytes(): number {
    return (this.#range[6] ?? 0) | 0;
  }

  /** Fills a hole with the bytes at `source`, atomically. @returns 0 or the errno */
  copy(fd: number, address: Address, source: Address, lengthBytes: number): number {
    const range = this.#range;
    range[0] = address >>> 0;
    range[1] = Math.floor(address / 4294967296);
    range[2] = source >>> 0;
    range[3] = Math.floor(source / 4294967296);
    range[4] = lengthBytes >>> 0;
    range.fill(0, 5);
    return ioctl_(fd, UFFDIO_COPY, range) === 0 ? 0 : lastErrno();
  }

  wake(fd: number, address: Address, lengthBytes: number): number {
    this.#setRange(address, lengthBytes);
    return ioctl_(fd, UFFDIO_WAKE, this.#range) === 0 ? 0 : lastErrno();
  }

  #setRange(address: Address, lengthBytes: number): void {
    const range = this.#range;
    range[0] = address >>> 0;
    range[1] = Math.floor(address / 4294967296);
    range[2] = lengthBytes >>> 0;
    range[3] = Math.floor(lengthBytes / 4294967296);
  }
}

/** poll(2) over a set of descriptors that changes rarely; asking allocates nothing. */
export class PollSet {
  #words: Int32Array = new Int32Array(0);
  #fds: number[] = [];

  set(fds: readonly number[]): void {
    this.#fds = [...fds];
    this.#words = new Int32Array(this.#fds.length * 2);
    this.#fds.forEach((fd, i) => {
      this.#words[i * 2] = fd;
    });
  }

  /** @returns how many descriptors have something; ask {@link ready} which */
  wait(timeoutMs: number): number {
    for (let i = 1; i < this.#words.length; i += 2) this.#words[i] = 1;
    const found = poll_(this.#words, this.#fds.length, timeoutMs) as number;
    return found < 0 ? 0 : found;
  }

  ready(index: number): boolean {
    return (this.#words[index * 2 + 1] ?? 0) >>> 16 !== 0;
  }
}
