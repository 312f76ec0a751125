/**
 * The only place that calls Linux past Node: memory mappings, futexes, scheduling classes and clocks, processes
 * and their descriptors, userfaultfd, files by address, sockets, crypt; and plain files that may be none.
 *
 * - A refused call throws SystemError {call, errno, code}; calls on hot paths return an errno instead and say so.
 * - Nothing blocks for longer than 100 ms in a worker thread: an untimed wait would keep the process from ending.
 * - Addresses are plain numbers; whoever made a mapping owns it, and keeps it while views of it live.
 */
export * from './beneath.js';
export * from './crypt.js';
export * from './exec.js';
export * from './fd-passing.js';
export * from './file.js';
export * from './futex.js';
export * from './landlock.js';
export { type Address, addressOf, errnoName, PAGE_BYTES, SystemError } from './libc.js';
export * from './malloc.js';
export * from './memory.js';
export * from './namespaces.js';
export * from './plain-file.js';
export * from './privileges.js';
export * from './process.js';
export * from './resource-limits.js';
export * from './sched.js';
export * from './socket.js';
export * from './userfaultfd.js';
