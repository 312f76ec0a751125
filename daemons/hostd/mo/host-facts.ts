import type { HostInfo } from '../../../kernel/abi/index.js';
import type { AboutInfo } from '../../../lib/vim/index.js';
import type { Machine } from '../machine/machine.js';

/** What the host's objects tell of the host. */
export interface HostFacts {
  readonly about: AboutInfo;
  readonly machine: Machine;
  readonly uuid: string;
  /** The VMkernel's own account; undefined until it has answered once. */
  kernel(): HostInfo | undefined;
  isConnected(): boolean;
}

export function hostMhz(machine: Machine): number {
  return Math.round(machine.hz / 1_000_000);
}

export function machineMemoryBytes(facts: HostFacts): number {
  return facts.kernel()?.machineMemoryBytes ?? 0;
}

/** Physical CPUs that the VMkernel schedules on. */
export function pcpuCount(facts: HostFacts): number {
  return facts.kernel()?.pcpus.length ?? facts.machine.threadCount;
}
