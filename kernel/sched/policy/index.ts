/**
 * The scheduler's policy as pure functions of tables and a clock: who is entitled to what (entitlement.ts), what was
 * used and what is owed (account.ts), where worlds run (topology.ts, placement.ts). Used by the kernel, by tests under
 * a fake clock, by the simulator and by bench. No I/O.
 */
export * from './account.js';
export * from './entitlement.js';
export * from './placement.js';
export * from './topology.js';
