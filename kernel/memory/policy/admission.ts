/** What powering on a VM takes from the machine's memory. */
export interface MemoryDemand {
  readonly memoryMb: number;
  readonly vcpus: number;
}

export const PAGES_PER_MB = 256;

/**
 * Overhead of a VM: what its vmware-vmx uses besides guest RAM. Anchor: ESX Server 4.0's table 3-2 for one virtual CPU
 * (109.65 MB + 0.013755 × memory), reference memory.md 4.9; our vmx measures below it.
 */
export function overheadMb(demand: MemoryDemand): number {
  return Math.ceil(109.65 + 0.013755 * demand.memoryMb) * demand.vcpus;
}

export function demandPages(demand: MemoryDemand): { guest: number; overhead: number } {
  return { guest: demand.memoryMb * PAGES_PER_MB, overhead: overheadMb(demand) * PAGES_PER_MB };
}
