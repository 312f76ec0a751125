import type { PciDeviceInfo } from '../../../../kernel/abi/index.js';
import type {
  HostBIOSInfo,
  HostCpuIdInfo,
  HostCpuPackage,
  HostHardwareInfo,
  HostNumaInfo,
  HostPciDevice,
  HostSystemInfo,
} from '../../../../lib/vim/index.js';
import { cpuTopology, type HostFacts, machineMemoryBytes } from './host-facts.js';

/** The machine's hardware: its processors as Linux tells them, the rest as the VMkernel does. */
export function hostHardware(facts: HostFacts): HostHardwareInfo {
  const { machine, account } = facts;
  const cpuFeature: HostCpuIdInfo[] = machine.cpuId.map(leaf => ({ ...leaf }));
  const { packages, coreCount, threadCount } = cpuTopology(facts);
  const hz = cpuHz(facts);
  return {
    systemInfo: systemInfo(facts),
    cpuInfo: { numCpuPackages: packages.length, numCpuCores: coreCount, numCpuThreads: threadCount, hz },
    cpuPkg: packages.map(
      (pkg): HostCpuPackage => ({
        index: pkg.index,
        vendor: machine.cpuVendor,
        hz,
        busHz: 0,
        description: machine.cpuModel,
        threadId: [...pkg.threadIds],
        cpuFeature,
      }),
    ),
    memorySize: machineMemoryBytes(facts),
    numaInfo: numaInfo(facts),
    smcPresent: false,
    pciDevice: (account.hardware?.pciDevices ?? []).map(pciDevice),
    cpuFeature,
    biosInfo: biosInfo(facts),
  };
}

export function systemInfo({ account, uuid }: HostFacts): HostSystemInfo {
  return {
    vendor: account.hardware?.systemVendor ?? 'unknown',
    model: account.hardware?.productName ?? 'unknown',
    uuid,
  };
}

function cpuHz({ account }: HostFacts): number {
  return Math.round((account.info?.pcpuMhz ?? 0) * 1_000_000);
}

/** A machine with one node is none of NUMA's. CPUs are told by their PCPU numbers. */
function numaInfo({ account }: HostFacts): HostNumaInfo {
  const nodes = account.hardware?.numaNodes ?? [];
  if (nodes.length < 2) return { type: 'None', numNodes: 0 };
  const pcpus = account.info?.pcpus ?? [];
  let memoryRangeBegin = 0;
  const numaNode = nodes.map(({ node, cpus, memoryBytes }) => {
    const begin = memoryRangeBegin;
    memoryRangeBegin += memoryBytes;
    const cpuID = cpus.map(cpu => pcpus.indexOf(cpu)).filter(pcpu => pcpu !== -1);
    return { typeId: node, cpuID, memoryRangeBegin: begin, memoryRangeLength: memoryBytes };
  });
  return { type: 'NUMA', numNodes: nodes.length, numaNode };
}

/** `0000:02:01.0`; the API's identifiers are 16-bit numbers with a sign. */
function pciDevice(device: PciDeviceInfo): HostPciDevice {
  const [, bus = '0', slot = '0', part = '0'] = device.address.split(/[:.]/);
  const short = (value: number): number => (value << 16) >> 16;
  return {
    id: device.address.replace(/^0000:/, ''),
    classId: short(device.classId),
    bus: Number.parseInt(bus, 16),
    slot: Number.parseInt(slot, 16),
    function: Number(part),
    vendorId: short(device.vendorId),
    subVendorId: short(device.subVendorId),
    vendorName: device.vendorName || hexName(device.vendorId),
    deviceId: short(device.deviceId),
    subDeviceId: short(device.subDeviceId),
    deviceName: device.deviceName || hexName(device.deviceId),
  };
}

function hexName(id: number): string {
  return `0x${id.toString(16).padStart(4, '0')}`;
}

function biosInfo({ account }: HostFacts): HostBIOSInfo | undefined {
  const { biosVersion, biosDate } = account.hardware ?? {};
  if (biosVersion === undefined) return undefined;
  const [, month, day, year] = /^(\d\d)\/(\d\d)\/(\d{4})$/.exec(biosDate ?? '') ?? [];
  const releaseDate = year === undefined ? undefined : new Date(`${year}-${month}-${day}T00:00:00Z`);
  return { biosVersion, releaseDate };
}
