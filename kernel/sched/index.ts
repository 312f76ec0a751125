/**
 * The scheduler: who may run on which PCPU until when, and all time of all worlds. Its thread owns the file `sched`.
 *
 * - policy/ is pure; scheduler.ts is dispatch over tables and a port to Linux; world-table.ts follows the World table
 *   and keeps times; thread.ts is the loop.
 * - run + ready + wait = wall for every world. Only this folder sums time.
 * - Every thread of a vmx is charged to its virtual CPU; overruns are debt.
 * - The loop sleeps on the doorbell's futex alone. No I/O but one read of /proc/stat every half second.
 */
export * from './scheduler-thread.js';
