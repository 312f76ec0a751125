/**
 * The simulator: the kernel's own dispatcher and policy on a machine of any shape, with guests as models, under a
 * virtual clock. Nothing here runs on a host; tests and bench start it.
 *
 * - guest.ts: loads; world.ts: a vCPU's times; timers.ts; simulation.ts: events, the charge of hyper-threads;
 *   numa-machine.ts: home nodes and memory over it; figures.ts: what VMs had in a window; crowd.ts: a big machine.
 * - Between two events nothing changes. No clock, no randomness but the given: the same run gives the same figures.
 * - Always: run + ready + costop + wait = wall for every world.
 */
export * from './crowd.js';
export * from './figures.js';
export * from './guest.js';
export * from './ideal.js';
export * from './numa-machine.js';
export * from './simulation.js';
export * from './world.js';
