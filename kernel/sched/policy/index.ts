/**
 * The scheduler's policy as pure functions of tables and a clock: who is entitled to what (entitlement.ts), what was
 * used and what is owed (account.ts), what may be reserved (admission.ts), where worlds run (topology.ts, placement.ts,
 * balance.ts), how vCPUs of one VM keep in step (cosched.ts), which NUMA node a VM lives on (numa.ts,
 * numa-rebalance.ts). Used by the kernel, by tests under a fake clock, by the simulator and by bench. No I/O.
 */
export * from './account.js';
export * from './admission.js';
export * from './balance.js';
export * from './cosched.js';
export * from './entitlement.js';
export * from './numa.js';
export * from './numa-rebalance.js';
export * from './placement.js';
export * from './topology.js';
