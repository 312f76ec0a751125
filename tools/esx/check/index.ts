/**
 * tools/esx/check: whether what a running host says of its CPUs is true. It reads the same shared memory as esxtop, and
 * beside it Linux's own clocks of the same processes and threads.
 *
 * Layers: snapshot (what is looked at, at one moment) < invariants, limit-windows, places (pure: snapshots in, violations
 *         out) < checker (all of them over a stream of snapshots) < live-host (reads one host) < check-command.
 *
 * Always true, over any interval
 * - run + ready + costop + wait = wall, for every world, within 0.5 %.
 * - A world's run is the CPU time that Linux counted for its thread, within 0.5 % of the wall, one slice, and what the
 *   thread can have run between a publication and the reading of its clock.
 * - A group's times grow by the sum of its worlds' and of the groups below it.
 * - No world runs on a PCPU that its affinity or its group's forbids.
 * - No VM and no pool, at any depth, passes its limit in any window of ten seconds.
 */
export { checkHost, runCheck } from './check-command.js';
export { Checker, type Violation } from './checker.js';
export { LiveHost } from './live-host.js';
