/**
 * The scheduler: who may run on which PCPU until when, and all time of all worlds. Its thread owns the file `sched`.
 *
 * - policy/ is pure and decides. scheduler.ts tells it what monitors report; grants.ts is what a grant is on Linux.
 * - group-table.ts and world-table.ts follow the tables of the main thread; world-times.ts and group-times.ts sum time;
 *   thread.ts is the loop.
 * - simulator/ drives policy/ on machines of any shape under a virtual clock; no host runs it.
 * - run + ready + costop + wait = wall for every world. Only this folder sums time.
 * - Every thread of a vmx is charged to its virtual CPU; overruns are debt.
 * - The loop sleeps on the doorbell's futex alone. No I/O but reads of /proc: /proc/stat every half second, the threads
 *   of a vmx with affinity, the state of a thread that used nothing of a grant.
 */
export * from './scheduler-thread.js';
