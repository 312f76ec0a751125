import type { HostCpuIdInfo, HostCpuPackage, HostHardwareInfo } from '../../../lib/vim/index.js';
import { type HostFacts, machineMemoryBytes } from './host-facts.js';

/** The machine's hardware as Linux tells it; the memory is what the VMkernel has to give. */
export function hostHardware(facts: HostFacts): HostHardwareInfo {
  const { machine } = facts;
  const cpuFeature: HostCpuIdInfo[] = machine.cpuId.map(leaf => ({ ...leaf }));
  return {
    systemInfo: { vendor: machine.systemVendor, model: machine.systemModel, uuid: facts.uuid },
    cpuInfo: {
      numCpuPackages: machine.packages.length,
      numCpuCores: machine.coreCount,
      numCpuThreads: machine.threadCount,
      hz: machine.hz,
    },
    cpuPkg: machine.packages.map(
      (pkg): HostCpuPackage => ({
        index: pkg.index,
        vendor: machine.cpuVendor,
        hz: machine.hz,
        busHz: 0,
        description: machine.cpuModel,
        threadId: [...pkg.threadIds],
        cpuFeature,
      }),
    ),
    memorySize: machineMemoryBytes(facts),
    numaInfo: { type: 'None', numNodes: 0 },
    smcPresent: false,
    cpuFeature,
  };
}
