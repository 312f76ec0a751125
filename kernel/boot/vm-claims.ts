import type { CpuAllocation, VmConfig } from '../../lib/vmx/index.js';
import { CpuUnits, HtSharing } from '../abi/index.js';
import { overheadMb } from '../memory/index.js';
import type { CpuClaim, PoolClaim } from './group-rows.js';
import type { Demand, Pool } from './pools/index.js';

/** A .vmx speaks of MHz or of percent of one PCPU, the scheduler of PCPUs. */
export function claimOf(cpu: CpuAllocation, pcpuMhz: number): CpuClaim {
  const perPcpu = cpu.units === 'percent' ? 100 : pcpuMhz;
  return {
    shares: cpu.shares,
    min: cpu.min / perPcpu,
    max: cpu.max === undefined ? null : cpu.max / perPcpu,
    units: CpuUnits[cpu.units],
    htSharing: HtSharing[cpu.htSharing],
    ...(cpu.affinity === undefined ? {} : { affinity: cpu.affinity }),
  };
}

/** Of a pool. */
export function poolClaimOf({ poolId, parentId, name, cpu }: Pool, pcpuMhz: number): PoolClaim {
  const { shares, reservation, limit, expandable } = cpu;
  const max = limit === null ? null : limit / pcpuMhz;
  return { poolId, parentId, name, cpu: { shares, min: reservation / pcpuMhz, max, expandable } };
}

/** What is set aside for a VM: all of its memory, and what its vmx takes besides. */
export function demandOf(vmxPath: string, config: VmConfig, pcpuMhz: number): Demand {
  const { cpu, memsizeMb, numVcpus } = config;
  return {
    vmxPath,
    cpuMhz: cpu.units === 'percent' ? Math.ceil((cpu.min * Math.round(pcpuMhz)) / 100) : cpu.min,
    memoryMb: memsizeMb + overheadMb({ memoryMb: memsizeMb, vcpus: numVcpus }),
    vcpus: numVcpus,
    affinity: cpu.affinity,
  };
}
