import { type Address, lastErrno, libc } from './libc.js';

// futex(2) without FUTEX_PRIVATE_FLAG: the words are in memory shared by processes.
const futex_ = libc.func('syscall', 'long', [
  'long',
  'intptr_t',
  'int',
  'uint32_t',
  'void *',
  'intptr_t',
  'uint32_t',
]);

const SYS_FUTEX = 202;
const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;
const EAGAIN = 11;
const EINTR = 4;

/** A waiter bound to its own timespec, so that waiting allocates nothing. One per thread. */
export class FutexWaiter {
  readonly #time = new ArrayBuffer(16);
  readonly #seconds = new Int32Array(this.#time);
  readonly #bytes = new Uint8Array(this.#time);

  /**
   * Sleeps while the word at `address` is `expected`, at most `timeoutUs` (capped at 90 ms: an untimed wait in
   * a worker makes the process unable to exit).
   * @returns true when woken or when the word had another value, false on time-out
   */
  wait(address: Address, expected: number, timeoutUs: number): boolean {
    const capped = timeoutUs > 90_000 ? 90_000 : timeoutUs < 1 ? 1 : timeoutUs;
    this.#seconds[0] = 0;
    this.#seconds[2] = Math.round(capped * 1e3);
    if (futex_(SYS_FUTEX, address, FUTEX_WAIT, expected >>> 0, this.#bytes, 0, 0) === 0) return true;
    const errno = lastErrno();
    return errno === EAGAIN || errno === EINTR;
  }
}

/** More than wait for any word. */
const ALL = 0x7fffffff;

/**
 * Wakes the waiters; all of them, because whoever may read the word may wait for it too, and must not take the wake of
 * the one it is meant for. Works on a read-only mapping. @returns how many there were
 */
export function futexWake(address: Address, count = ALL): number {
  return Number(futex_(SYS_FUTEX, address, FUTEX_WAKE, count, null, 0, 0));
}
