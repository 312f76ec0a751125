import type { HostListSummary, HostRuntimeInfo, ManagedObjectReference } from '../../../lib/vim/index.js';
import { defineClass, type ObjectClass } from '../../../lib/vim-server/index.js';
import { type Entity, entityClass } from './entity.js';
import { hostCapability } from './host-capability.js';
import { type HostFacts, hostMhz, machineMemoryBytes } from './host-facts.js';
import { hostHardware } from './host-hardware.js';
import { moids } from './moids.js';

export interface HostSystemDependencies {
  readonly facts: HostFacts;
  vms(): ManagedObjectReference[];
  datastores(): ManagedObjectReference[];
  recentTasks(host: HostSystem): ManagedObjectReference[];
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
    return this.facts.kernel()?.hostName ?? 'localhost';
  }

  get facts(): HostFacts {
    return this.dependencies.facts;
  }

  recentTasks(): ManagedObjectReference[] {
    return this.dependencies.recentTasks(this);
  }
}

function runtime({ facts }: HostSystem): HostRuntimeInfo {
  const kernel = facts.kernel();
  return {
    connectionState: facts.isConnected() ? 'connected' : 'notResponding',
    powerState: 'poweredOn',
    inMaintenanceMode: false,
    bootTime: kernel === undefined ? undefined : new Date(kernel.bootTimeMs),
  };
}

function summary(host: HostSystem): HostListSummary {
  const { facts } = host;
  const { machine } = facts;
  const kernel = facts.kernel();
  return {
    host: moids.host,
    hardware: {
      vendor: machine.systemVendor,
      model: machine.systemModel,
      uuid: facts.uuid,
      memorySize: machineMemoryBytes(facts),
      cpuModel: machine.cpuModel,
      cpuMhz: hostMhz(machine),
      numCpuPkgs: machine.packages.length,
      numCpuCores: machine.coreCount,
      numCpuThreads: machine.threadCount,
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
    quickStats: {
      uptime:
        kernel === undefined ? undefined : Math.max(0, Math.floor((Date.now() - kernel.bootTimeMs) / 1000)),
    },
    overallStatus: facts.isConnected() ? 'green' : 'red',
    rebootRequired: false,
    customValue: [],
  };
}

export const hostSystemClass: ObjectClass = defineClass<'HostSystem', HostSystem>(
  'HostSystem',
  {
    properties: {
      runtime,
      summary,
      hardware: ({ facts }) => hostHardware(facts),
      capability: () => hostCapability(),
      config: ({ facts, name }) => ({
        host: moids.host,
        product: facts.about,
        hyperThread: { available: false, active: false, config: false },
        network: { dnsConfig: { _type: 'HostDnsConfig', dhcp: false, ...splitHostName(name) } },
      }),
      configManager: () => ({ datastoreSystem: moids.datastoreSystem }),
      vm: host => host.dependencies.vms(),
      datastore: host => host.dependencies.datastores(),
      network: () => [],
      datastoreBrowser: () => moids.hostDatastoreBrowser,
    },
    methods: {},
  },
  entityClass,
);

function splitHostName(name: string): { hostName: string; domainName: string } {
  const dot = name.indexOf('.');
  if (dot === -1) return { hostName: name, domainName: '' };
  return { hostName: name.slice(0, dot), domainName: name.slice(dot + 1) };
}
