import type { HostListSummary, HostRuntimeInfo, ManagedObjectReference } from '../../../../lib/vim/index.js';
import { defineClass, type ObjectClass } from '../../../../lib/vim-server/index.js';
import { type Entity, entityClass } from '../entity.js';
import { moids } from '../moids.js';
import type { VirtualMachine } from '../virtual-machine.js';
import { summary as machineSummary } from '../virtual-machine-views.js';
import { hostCapability } from './host-capability.js';
import { hostConfig } from './host-config.js';
import { cpuTopology, type HostFacts, hostMhz, hostName, machineMemoryBytes } from './host-facts.js';
import { hostHardware, systemInfo } from './host-hardware.js';
import { configManager, type HostManagers } from './host-managers.js';

import { systemResources } from './system-resources.js';

export interface HostSystemDependencies {
  readonly facts: HostFacts;
  readonly managers: HostManagers;
  vms(): ManagedObjectReference[];
  machines(): VirtualMachine[];
  datastores(): ManagedObjectReference[];
  recentTasks(host: HostSystem): ManagedObjectReference[];
  /** Machine memory that a machine takes beside its own, bytes. */
  memoryOverhead(memoryMb: number, vcpus: number): Promise<number>;
}

/** The host itself, as its VMkernel and the machine under it tell. */
export class HostSystem implements Entity {
  readonly ref = moids.host;
  readonly objectClass: ObjectClass = hostSystemClass;
  readonly parent = moids.computeResource;
  readonly dependencies: HostSystemDependencies;

  constructor(dependencies: HostSystemDependencies) {
    this.dependencies = dependencies;
  }

  get name(): string {
    return hostName(this.facts);
  }

  get facts(): HostFacts {
    return this.dependencies.facts;
  }

  recentTasks(): ManagedObjectReference[] {
    return this.dependencies.recentTasks(this);
  }
}

function runtime({ facts, dependencies }: HostSystem): HostRuntimeInfo {
  const { info } = facts.account;
  return {
    connectionState: facts.isConnected() ? 'connected' : 'notResponding',
    powerState: 'poweredOn',
    inMaintenanceMode: dependencies.managers.maintenance.isOn,
    bootTime: info && new Date(info.bootTimeMs),
  };
}

function summary(host: HostSystem): HostListSummary {
  const { facts } = host;
  const { packages, coreCount, threadCount } = cpuTopology(facts);
  return {
    host: moids.host,
    hardware: {
      ...systemInfo(facts),
      memorySize: machineMemoryBytes(facts),
      cpuModel: facts.machine.cpuModel,
      cpuMhz: hostMhz(facts),
      numCpuPkgs: packages.length,
      numCpuCores: coreCount,
      numCpuThreads: threadCount,
      numNics: 0,
      numHBAs: 0,
    },
    runtime: runtime(host),
    config: {
      name: host.name,
      port: 902,
      product: facts.about,
      vmotionEnabled: false,
      faultToleranceEnabled: false,
    },
    quickStats: quickStats(facts),
    overallStatus: facts.isConnected() ? 'green' : 'red',
    rebootRequired: false,
    customValue: [],
  };
}

/** What the host uses now, in MHz and MB, by the VMkernel's own figures. */
function quickStats(facts: HostFacts): HostListSummary['quickStats'] {
  const { info, figures } = facts.account;
  const usedPcpus = figures?.usedPcpus();
  const usedBytes = figures?.usedMemoryBytes();
  return {
    overallCpuUsage: usedPcpus === undefined ? undefined : Math.round(usedPcpus * hostMhz(facts)),
    overallMemoryUsage: usedBytes === undefined ? undefined : Math.round(usedBytes / 2 ** 20),
    uptime: info && Math.max(0, Math.floor((Date.now() - info.bootTimeMs) / 1000)),
  };
}

export const hostSystemClass: ObjectClass = defineClass<'HostSystem', HostSystem>(
  'HostSystem',
  {
    properties: {
      overallStatus: ({ facts }) => (facts.isConnected() ? 'green' : 'red'),
      runtime,
      summary,
      hardware: ({ facts }) => hostHardware(facts),
      capability: () => hostCapability(),
      licensableResource: ({ facts }) => ({
        resource: [{ key: 'numCpuPackages', value: cpuTopology(facts).packages.length }],
      }),
      config: host => hostConfig(host.facts, host.dependencies.managers),
      configManager: () => configManager,
      vm: host => host.dependencies.vms(),
      datastore: host => host.dependencies.datastores(),
      network: () => [],
      systemResources: ({ facts }) => systemResources(facts),
      datastoreBrowser: () => moids.hostDatastoreBrowser,
    },
    methods: {
      EnterMaintenanceMode_Task: (host, { timeout }, call) => {
        return host.dependencies.managers.maintenance.enter(host, timeout, call);
      },
      RebootHost_Task: (host, { force }, call) => {
        return host.dependencies.managers.power.start(host, 'reboot', { force, call });
      },
      ShutdownHost_Task: (host, { force }, call) => {
        return host.dependencies.managers.power.start(host, 'shutdown', { force, call });
      },
      ExitMaintenanceMode_Task: (host, _, call) => host.dependencies.managers.maintenance.exit(host, call),
      QueryHostConnectionInfo: host => ({
        host: summary(host),
        vm: host.dependencies.machines().map(machineSummary),
        vimAccountNameRequired: true,
        clusterSupported: false,
      }),
      QueryMemoryOverhead: (host, { memorySize, numVcpus }) => {
        return host.dependencies.memoryOverhead(Number(memorySize) / 2 ** 20, numVcpus);
      },
      QueryMemoryOverheadEx: (host, { vmConfigInfo: { hardware } }) => {
        return host.dependencies.memoryOverhead(hardware.memoryMB, hardware.numCPU);
      },
    },
  },
  entityClass,
);
