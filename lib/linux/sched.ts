import { check, lastErrno, libc, SystemError } from './libc.js';

const setattr_ = libc.func('syscall', 'long', ['long', 'int', 'void *', 'uint32_t']);
const setAffinity_ = libc.func('int sched_setaffinity(int pid, size_t n, void *mask)');
const getAffinity_ = libc.func('int sched_getaffinity(int pid, size_t n, void *mask)');
const clockGettime_ = libc.func('int clock_gettime(int clock, void *ts)');
const gettid_ = libc.func('int gettid()');
const setpriority_ = libc.func('int setpriority(int which, int who, int prio)');

const SYS_SCHED_SETATTR = 314;
const ESRCH = 3;
const EINVAL = 22;

/** Linux scheduling classes that a world's thread passes through. */
export const SCHED_OTHER = 0;
export const SCHED_FIFO = 1;
export const SCHED_IDLE = 5;

const attributes = new ArrayBuffer(48);
const attributeWords = new Int32Array(attributes);
const attributeBytes = new Uint8Array(attributes);
const mask = new Uint32Array(32);

/** Sets class, real-time priority and nice of a thread in one call. @returns 0 or the errno (ESRCH when it is gone) */
export function setSchedulingClass(tid: number, policy: number, rtPriority = 0, nice = 0): number {
  attributeWords.fill(0);
  attributeWords[0] = 48;
  attributeWords[1] = policy;
  attributeWords[4] = nice;
  attributeWords[5] = rtPriority;
  return setattr_(SYS_SCHED_SETATTR, tid, attributeBytes, 0) === 0 ? 0 : lastErrno();
}

/** Pins a thread (0 = the calling one) to one CPU. @returns 0 or the errno */
export function pinToCpu(tid: number, cpu: number): number {
  mask.fill(0);
  mask[cpu >>> 5] = 1 << (cpu & 31);
  return setAffinity_(tid, mask.byteLength, mask) === 0 ? 0 : lastErrno();
}

export function setAffinity(tid: number, cpus: readonly number[]): void {
  mask.fill(0);
  for (const cpu of cpus) mask[cpu >>> 5] = (mask[cpu >>> 5] ?? 0) | (1 << (cpu & 31));
  check('sched_setaffinity', setAffinity_(tid, mask.byteLength, mask));
}

/** The CPUs that a thread may run on, ascending. */
export function getAffinity(tid = 0): number[] {
  const found = new Uint32Array(32);
  check('sched_getaffinity', getAffinity_(tid, found.byteLength, found));
  const cpus: number[] = [];
  for (let cpu = 0; cpu < 1024; cpu++) if ((found[cpu >>> 5] ?? 0) & (1 << (cpu & 31))) cpus.push(cpu);
  return cpus;
}

export function setNice(tid: number, nice: number): void {
  check('setpriority', setpriority_(0, tid, nice));
}

/**
 * Whether this process may move threads between SCHED_OTHER, SCHED_FIFO and SCHED_IDLE and back. Linux lets everyone
 * into SCHED_IDLE and out of it only who may lower nice values (sched(7)). Leaves the calling thread SCHED_OTHER, nice 0.
 */
export function mayChangeSchedulingClass(): boolean {
  const realTime = setSchedulingClass(0, SCHED_FIFO, 1) === 0;
  if (realTime) setSchedulingClass(0, SCHED_OTHER);
  const urgent = setpriority_(0, gettid(), -1) === 0;
  if (urgent) setpriority_(0, gettid(), 0);
  return realTime && urgent;
}

export function gettid(): number {
  return gettid_();
}

/** Linux's clock ids of another process and of another thread (the kernel's own encoding). */
export const processCpuClock = (pid: number): number => (~pid << 3) | 2;
export const threadCpuClock = (tid: number): number => (~tid << 3) | 6;
export const CLOCK_MONOTONIC = 1;
export const CLOCK_PROCESS_CPUTIME_ID = 2;
export const CLOCK_THREAD_CPUTIME_ID = 3;

const timespec = new ArrayBuffer(16);
const timespecWords = new Uint32Array(timespec);
const timespecBytes = new Uint8Array(timespec);

/** Reads a clock in µs; -1 when its process or thread is gone. Allocates nothing. */
export function clockUs(clock: number): number {
  if (clockGettime_(clock, timespecBytes) !== 0) {
    const errno = lastErrno();
    if (errno === ESRCH || errno === EINVAL) return -1;
    throw new SystemError('clock_gettime', errno);
  }
  const seconds = (timespecWords[0] ?? 0) + (timespecWords[1] ?? 0) * 4294967296;
  return seconds * 1e6 + (timespecWords[2] ?? 0) / 1e3;
}

/** CLOCK_MONOTONIC in µs: the one time base of every process of a host. */
export function nowUs(): number {
  return clockUs(CLOCK_MONOTONIC);
}
