import type { CpuAllocation, VmConfig } from '../../lib/vmx/index.js';
import { overheadMb } from '../memory/index.js';
import type { CpuClaim } from './host-tables.js';
import type { Demand } from './pools/index.js';

/** A .vmx speaks of MHz, the scheduler of PCPUs. */
export function claimOf({ shares, minMhz, maxMhz }: CpuAllocation, pcpuMhz: number): CpuClaim {
  return { shares, min: minMhz / pcpuMhz, max: maxMhz === undefined ? null : maxMhz / pcpuMhz };
}

/** What is set aside for a VM: all of its memory, and what its vmx takes besides. */
export function demandOf(vmxPath: string, { cpu, memsizeMb, numVcpus }: VmConfig): Demand {
  return {
    vmxPath,
    cpuMhz: cpu.minMhz,
    memoryMb: memsizeMb + overheadMb({ memoryMb: memsizeMb, vcpus: numVcpus }),
    vcpus: numVcpus,
    affinity: cpu.affinity,
  };
}
