import type { ComputeResourceSummary, ManagedObjectReference } from '../../../lib/vim/index.js';
import { defineClass, type ObjectClass } from '../../../lib/vim-server/index.js';
import { type Entity, entityClass } from './entity.js';
import {
  cpuTopology,
  type HostFacts,
  hostMhz,
  hostName,
  machineMemoryBytes,
  pcpuCount,
} from './host/host-facts.js';
import { moids } from './moids.js';

/** The host as something that machines run on; its name is the host's. */
export class ComputeResource implements Entity {
  readonly ref = moids.computeResource;
  readonly objectClass: ObjectClass = computeResourceClass;
  readonly parent = moids.hostFolder;
  readonly facts: HostFacts;
  readonly datastores: () => ManagedObjectReference[];

  constructor(dependencies: { facts: HostFacts; datastores(): ManagedObjectReference[] }) {
    this.facts = dependencies.facts;
    this.datastores = dependencies.datastores;
  }

  get name(): string {
    return hostName(this.facts);
  }

  recentTasks(): ManagedObjectReference[] {
    return [];
  }
}

function summary({ facts }: ComputeResource): ComputeResourceSummary {
  const totalCpu = hostMhz(facts) * pcpuCount(facts);
  const totalMemory = machineMemoryBytes(facts);
  const { figures } = facts.account;
  return {
    totalCpu,
    totalMemory,
    numCpuCores: cpuTopology(facts).coreCount,
    numCpuThreads: pcpuCount(facts),
    effectiveCpu: Math.floor(hostMhz(facts) * (figures?.vmCapacityPcpus ?? pcpuCount(facts))),
    effectiveMemory: Math.floor((figures?.vmMemory()?.capacityBytes ?? totalMemory) / 2 ** 20),
    numHosts: 1,
    numEffectiveHosts: facts.isConnected() ? 1 : 0,
    overallStatus: 'green',
  };
}

export const computeResourceClass: ObjectClass = defineClass<'ComputeResource', ComputeResource>(
  'ComputeResource',
  {
    properties: {
      resourcePool: () => moids.rootPool,
      host: () => [moids.host],
      datastore: resource => resource.datastores(),
      network: () => [],
      summary,
      environmentBrowser: () => moids.environmentBrowser,
      configurationEx: () => ({ _type: 'ComputeResourceConfigInfo', vmSwapPlacement: 'vmDirectory' }),
    },
    methods: {},
  },
  entityClass,
);
