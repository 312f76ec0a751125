import type { AboutInfo } from '../../../../lib/vim/index.js';
import type { HostAccount } from '../../machine/host-account.js';
import { type CpuTopology, type Machine, topologyOf } from '../../machine/machine.js';

/** What the host's objects tell of the host. */
export interface HostFacts {
  readonly about: AboutInfo;
  readonly machine: Machine;
  readonly uuid: string;
  /** The VMkernel's own account. */
  readonly account: HostAccount;
  isConnected(): boolean;
}

export function hostName({ account }: HostFacts): string {
  return account.info?.hostName ?? 'localhost';
}

/** Speed of a PCPU as the VMkernel measured it; 0 until it has answered. */
export function hostMhz({ account }: Pick<HostFacts, 'account'>): number {
  return Math.round(account.info?.pcpuMhz ?? 0);
}

export function machineMemoryBytes({ account }: HostFacts): number {
  return account.info?.machineMemoryBytes ?? 0;
}

/** The processors that the VMkernel schedules on; all of the machine's until it has answered. */
export function cpuTopology({ account, machine }: HostFacts): CpuTopology {
  return topologyOf(machine, account.info?.pcpus ?? machine.cpus.map(cpu => cpu.id));
}

/** Physical CPUs that the VMkernel schedules on. */
export function pcpuCount({ account, machine }: HostFacts): number {
  return account.info?.pcpus.length ?? machine.cpus.length;
}
