import type {
  GuestInfo,
  ResourceAllocationInfo,
  VirtualMachineCapability,
  VirtualMachineQuickStats,
  VirtualMachineRuntimeInfo,
  VirtualMachineSummary,
} from '../../../lib/vim/index.js';
import { moids } from './moids.js';
import { poolMaxUsage } from './resource-pool-views.js';
import type { VirtualMachine } from './virtual-machine.js';
import { storageSummary } from './virtual-machine-files.js';
import { questionInfo } from './virtual-machine-question.js';

export function runtimeInfo(vm: VirtualMachine): VirtualMachineRuntimeInfo {
  const { run } = vm;
  const isOn = vm.powerState === 'poweredOn';
  return {
    host: moids.host,
    connectionState: vm.connectionState,
    powerState: vm.powerState,
    faultToleranceState: 'notConfigured',
    toolsInstallerMounted: false,
    question: run?.question === undefined ? undefined : questionInfo(run.question),
    bootTime: isOn && run !== undefined ? new Date(run.bootTimeMs) : undefined,
    maxCpuUsage: maxCpuMhz(vm),
    maxMemoryUsage: maxMemoryMb(vm),
    numMksConnections: 0,
    recordReplayState: 'inactive',
    onlineStandby: false,
    consolidationNeeded: false,
  };
}

/** What its virtual CPUs can use of the host, within its limit and those of the pools it is in. */
function maxCpuMhz({ config, pool, dependencies }: VirtualMachine): number | undefined {
  if (config.kind !== 'read') return undefined;
  const { hardware, cpuAllocation } = config.info;
  const ofVcpus = hardware.numCPU * dependencies.hostMhz();
  return Math.min(ofVcpus, limitOf(cpuAllocation), poolMaxUsage(pool, 'cpu'));
}

function maxMemoryMb({ config, pool }: VirtualMachine): number | undefined {
  if (config.kind !== 'read') return undefined;
  const { hardware, memoryAllocation } = config.info;
  return Math.min(hardware.memoryMB, limitOf(memoryAllocation), poolMaxUsage(pool, 'memory'));
}

function limitOf(allocation: ResourceAllocationInfo | undefined): number {
  const limit = Number(allocation?.limit ?? -1);
  return limit === -1 ? Number.POSITIVE_INFINITY : limit;
}

/** No guest reports yet: there is no backdoor for its tools. */
export function guestInfo(vm: VirtualMachine): GuestInfo {
  return {
    toolsStatus: 'toolsNotInstalled',
    toolsVersionStatus: 'guestToolsNotInstalled',
    toolsRunningStatus: 'guestToolsNotRunning',
    guestState: vm.powerState === 'poweredOn' ? 'unknown' : 'notRunning',
  };
}

export function summary(vm: VirtualMachine): VirtualMachineSummary {
  const config = vm.config.kind === 'read' ? vm.config.info : undefined;
  const devices = config?.hardware.device ?? [];
  return {
    vm: vm.ref,
    runtime: runtimeInfo(vm),
    guest: {
      guestId: config?.guestId,
      guestFullName: config?.guestFullName,
      toolsStatus: 'toolsNotInstalled',
      toolsVersionStatus: 'guestToolsNotInstalled',
      toolsRunningStatus: 'guestToolsNotRunning',
    },
    config: {
      name: vm.name,
      template: false,
      vmPathName: vm.pathName,
      memorySizeMB: config?.hardware.memoryMB,
      cpuReservation: Number(config?.cpuAllocation?.reservation ?? 0),
      memoryReservation: Number(config?.memoryAllocation?.reservation ?? 0),
      numCpu: config?.hardware.numCPU,
      numEthernetCards: devices.filter(device => 'macAddress' in device).length,
      numVirtualDisks: devices.filter(device => device._type === 'VirtualDisk').length,
      uuid: config?.uuid,
      guestId: config?.guestId,
      guestFullName: config?.guestFullName,
      annotation: config?.annotation,
    },
    quickStats: quickStats(vm),
    storage: storageSummary(vm),
    overallStatus: vm.connectionState === 'connected' ? 'green' : 'red',
    customValue: [],
  };
}

/** guestMemoryUsage, what the guest uses actively, is nothing that anybody measures yet. */
function quickStats(vm: VirtualMachine): VirtualMachineQuickStats {
  const { dependencies } = vm;
  const { pcpus, hostMemoryBytes } = vm.use ?? {};
  return {
    overallCpuUsage: pcpus === undefined ? undefined : Math.round(pcpus * dependencies.hostMhz()),
    hostMemoryUsage: hostMemoryBytes === undefined ? undefined : Math.round(hostMemoryBytes / 2 ** 20),
    guestHeartbeatStatus: 'gray',
    uptimeSeconds: uptimeSeconds(vm),
  };
}

function uptimeSeconds(vm: VirtualMachine): number | undefined {
  if (vm.run === undefined || vm.powerState !== 'poweredOn') return undefined;
  return Math.max(0, Math.floor((Date.now() - vm.run.bootTimeMs) / 1000));
}

/** What a machine can be asked to do here; it grows with what is built. */
export function vmCapability(): VirtualMachineCapability {
  return {
    snapshotOperationsSupported: false,
    multipleSnapshotsSupported: false,
    snapshotConfigSupported: false,
    poweredOffSnapshotsSupported: false,
    memorySnapshotsSupported: false,
    revertToSnapshotSupported: false,
    quiescedSnapshotsSupported: false,
    disableSnapshotsSupported: false,
    lockSnapshotsSupported: false,
    consolePreferencesSupported: false,
    cpuFeatureMaskSupported: false,
    s1AcpiManagementSupported: false,
    settingScreenResolutionSupported: false,
    toolsAutoUpdateSupported: false,
    vmNpivWwnSupported: false,
    npivWwnOnNonRdmVmSupported: false,
    vmNpivWwnDisableSupported: false,
    vmNpivWwnUpdateSupported: false,
    swapPlacementSupported: false,
    toolsSyncTimeSupported: false,
    virtualMmuUsageSupported: false,
    diskSharesSupported: false,
    bootOptionsSupported: false,
    bootRetryOptionsSupported: false,
    settingVideoRamSizeSupported: false,
    settingDisplayTopologySupported: false,
    recordReplaySupported: false,
    changeTrackingSupported: false,
    multipleCoresPerSocketSupported: false,
    hostBasedReplicationSupported: false,
    guestAutoLockSupported: false,
    memoryReservationLockSupported: false,
    featureRequirementSupported: false,
    poweredOnMonitorTypeChangeSupported: false,
    seSparseDiskSupported: false,
    nestedHVSupported: false,
    vPMCSupported: false,
  };
}
