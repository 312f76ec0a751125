/**
 * The scheduler's policy as pure functions of tables and a clock: who is entitled to what (entitlement.ts), what was
 * used and what is owed (account.ts). Used by the kernel, by tests under a fake clock and by bench. No I/O, no state.
 */
export * from './account.js';
export * from './entitlement.js';
