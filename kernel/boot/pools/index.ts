/**
 * Resource pools: their tree and who is in which pool (pool-tree.ts), what may stand in it (pool-checks.ts), how it
 * stands in esx.conf (pool-settings.ts), what is reserved of it (admission.ts, pcpu-reservations.ts), and the calls that
 * change it (pools.ts).
 *
 * - A change is made on a copy of the tree, checked, admitted, in the scheduler's tables and durable in esx.conf
 *   before the call answers; where one of these fails, all is as it was.
 * - The VMkernel alone writes /resourcePool in esx.conf; what stands there is read once, at boot. A damaged file is
 *   kept beside it, the log says what is wrong, and the host boots with what can be understood.
 * - The ids of pools never come again.
 * - Nothing is powered on, and no reservation grows, beyond what its pool, all pools above it and its CPUs have free.
 */
export * from './admission.js';
export * from './pool-tree.js';
export * from './pools.js';
