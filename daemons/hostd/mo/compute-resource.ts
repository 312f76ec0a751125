import type { ComputeResourceSummary, ManagedObjectReference } from '../../../lib/vim/index.js';
import { defineClass, type ObjectClass } from '../../../lib/vim-server/index.js';
import { type Entity, entityClass } from './entity.js';
import { type HostFacts, hostMhz, machineMemoryBytes, pcpuCount } from './host-facts.js';
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
    return this.facts.kernel()?.hostName ?? 'localhost';
  }

  recentTasks(): ManagedObjectReference[] {
    return [];
  }
}

function summary({ facts }: ComputeResource): ComputeResourceSummary {
  const totalCpu = hostMhz(facts.machine) * pcpuCount(facts);
  const totalMemory = machineMemoryBytes(facts);
  return {
    totalCpu,
    totalMemory,
    numCpuCores: Math.min(facts.machine.coreCount, pcpuCount(facts)),
    numCpuThreads: pcpuCount(facts),
    effectiveCpu: totalCpu,
    effectiveMemory: Math.floor(totalMemory / 2 ** 20),
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
