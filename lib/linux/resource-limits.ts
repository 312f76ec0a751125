import { check, libc } from './libc.js';

const setrlimit_ = libc.func('int setrlimit(int resource, void *limits)');

/** Linux's numbers on x86-64, by the names of getrlimit(2) without RLIMIT_. */
const RESOURCE = { CORE: 4, NPROC: 6, NOFILE: 7, MEMLOCK: 8 } as const;

/** Limits this process and what it execs, for good where it loses CAP_SYS_RESOURCE. Bytes or numbers, as Linux counts. */
export function setResourceLimit(resource: keyof typeof RESOURCE, soft: number, hard: number): void {
  const limits = new BigUint64Array([BigInt(soft), BigInt(hard)]); // struct rlimit
  check('setrlimit', setrlimit_(RESOURCE[resource], limits), resource);
}
