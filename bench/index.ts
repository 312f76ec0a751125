/**
 * bench: the measured comparisons behind `./esx bench`. Each boots hosts of its own in a temporary folder and ends them.
 *
 * Layers: statistics, table, machine, processes, owned - guest-session (a guest's shell) - images (guests on disks)
 *         - kernel-host (a VMkernel alone), soap-host (the whole product), peers (bare engine, QEMU)
 *         - soap/ (load on servers of the API)
 *         - ssh/ (sshd beside OpenSSH's)
 *         - console/ (viewers of a VM's screen beside QEMU's)
 *         - scheduler/ (CPU among real guests beside Linux's own groups)
 *         - simulator (the scheduler's policy on machines we lack; starts no host)
 *         - boot, overhead, monitor, reconfiguration, footprint, soap (one benchmark each) - runner - main.
 *
 * Invariants
 * - Ours and the alternative are measured in the same run, in turns; what is published is a median of pairs.
 * - CPU time is that of whole processes, every thread of them.
 * - Names of figures stay: other programs compare them between versions.
 */
import { boot } from './boot.js';
import { consoleBench } from './console/index.js';
import { footprint } from './footprint.js';
import { monitor } from './monitor.js';
import { overhead } from './overhead.js';
import { reconfiguration } from './reconfiguration.js';
import type { Benchmark } from './result.js';
import { scheduler } from './scheduler/index.js';
import { simulator } from './simulator.js';
import { soap } from './soap.js';
import { ssh } from './ssh/index.js';

export const benchmarks: readonly Benchmark[] = [
  boot,
  overhead,
  monitor,
  scheduler,
  reconfiguration,
  footprint,
  soap,
  ssh,
  consoleBench,
  simulator,
];
