/**
 * esxtop: where the host's CPU time goes, by group and by world, on a terminal or as a perfmon recording.
 *
 * Layers, none of which knows the ones after it:
 *   snapshot (shared memory as figures) < recording (snapshots as files)
 *   < rates, group-rates, pcpu-rates (two snapshots: percentages) < fields, panel, perfmon (text)
 *   < view (keys to state) < screen, live, batch (terminal, clock, streams) < main (flags, wiring)
 * Where snapshots come from is a SnapshotSource: host (a running one) or a Replay.
 *
 * Invariants
 * - Reads shared memory only. The connection to the VMkernel is asked once, for the folder, and then tells by
 *   closing that the host is gone.
 * - A world's percentages are taken over the interval between two sets of its own figures, so that
 *   run + ready + costop + wait is 100 for every world whatever the moment of looking.
 * - A group shows what the scheduler sums up for it, ended worlds included; pools are groups, the worlds of the VMs in
 *   them theirs, too.
 * - A replay goes through the same code as the host it was recorded of: the same snapshots give the same figures.
 * - What was not measured shows as `-` on the screen and as an empty cell in a recording; it is never a zero.
 */
export * from './rates.js';
export * from './snapshot.js';
