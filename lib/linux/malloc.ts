import { libc } from './libc.js';

const mallopt_ = libc.func('int mallopt(int parameter, int value)');
const mallocTrim_ = libc.func('int malloc_trim(size_t pad)');

const M_ARENA_MAX = -8;

/** Keeps the C library's heap from making one arena per thread: V8's compilers leave each large and empty. */
export function limitHeapArenas(count: number): void {
  mallopt_(M_ARENA_MAX, count);
}

/** Gives the free memory of the C library's heap back to Linux. Takes milliseconds and holds up allocations. */
export function trimHeap(): void {
  mallocTrim_(0);
}
