/**
 * The scheduler's policy: tables, readings and a clock in, decisions out. The kernel, tests, bench and the simulator
 * drive the same code. No I/O, no clock of its own.
 *
 * - tree.ts (on water-filling.ts): who is entitled to what in the group tree; affinity-fit.ts: … on which PCPUs;
 *   entitlements.ts gives it to accounts, as who wants CPU changes.
 * - account.ts: what was used and is owed; limit.ts: a limit's tokens; limits.ts: … of all limited nodes.
 * - dispatcher.ts (on ready-queue.ts and delivery.ts): who gets which PCPU until when; hooks.ts is where finer policy
 *   enters.
 * - admission.ts: what may be reserved.
 * - topology.ts, placement.ts, balance.ts, cosched.ts, numa.ts, numa-rebalance.ts: where worlds run, and together.
 *   machine-hooks.ts (on gangs.ts) puts them behind the dispatcher's hooks.
 */
export * from './account.js';
export * from './admission.js';
export * from './balance.js';
export * from './cosched.js';
export * from './delivery.js';
export * from './dispatcher.js';
export * from './entitlements.js';
export * from './entity.js';
export * from './gangs.js';
export * from './hooks.js';
export * from './limit.js';
export * from './limits.js';
export * from './machine-hooks.js';
export * from './numa.js';
export * from './numa-rebalance.js';
export * from './placement.js';
export * from './topology.js';
export * from './tree.js';
