import type {
  ManagedObjectReference,
  ResourceAllocationInfo,
  ResourceConfigSpec,
  ResourcePoolResourceUsage,
  ResourcePoolRuntimeInfo,
} from '../../../lib/vim/index.js';
import { defineClass, type ObjectClass } from '../../../lib/vim-server/index.js';
import { type Entity, entityClass } from './entity.js';
import { type HostFacts, hostMhz, machineMemoryBytes, pcpuCount } from './host/host-facts.js';
import { moids } from './moids.js';

export interface RootPoolDependencies {
  readonly facts: HostFacts;
  vms(): ManagedObjectReference[];
  /** Memory of the machines that run, in bytes. */
  runningMemoryBytes(): number;
}

/** The host's root resource pool. There are no others yet. */
export class RootResourcePool implements Entity {
  readonly ref = moids.rootPool;
  readonly objectClass: ObjectClass = resourcePoolClass;
  readonly name = 'Resources';
  readonly parent = moids.computeResource;
  readonly dependencies: RootPoolDependencies;

  constructor(dependencies: RootPoolDependencies) {
    this.dependencies = dependencies;
  }

  recentTasks(): ManagedObjectReference[] {
    return [];
  }
}

function config({ dependencies: { facts } }: RootResourcePool): ResourceConfigSpec {
  const allocation = (reservation: number): ResourceAllocationInfo => ({
    reservation,
    expandableReservation: true,
    limit: reservation,
    shares: { shares: 4000, level: 'normal' },
  });
  return {
    entity: moids.rootPool,
    cpuAllocation: allocation(hostMhz(facts) * pcpuCount(facts)),
    memoryAllocation: allocation(Math.floor(machineMemoryBytes(facts) / 2 ** 20)),
  };
}

function usage(maxUsage: number, overallUsage: number): ResourcePoolResourceUsage {
  return {
    reservationUsed: 0,
    reservationUsedForVm: 0,
    unreservedForPool: maxUsage,
    unreservedForVm: maxUsage,
    overallUsage,
    maxUsage,
  };
}

function runtime({ dependencies }: RootResourcePool): ResourcePoolRuntimeInfo {
  const { facts } = dependencies;
  return {
    memory: usage(machineMemoryBytes(facts), dependencies.runningMemoryBytes()),
    cpu: usage(hostMhz(facts) * pcpuCount(facts), 0),
    overallStatus: 'green',
  };
}

export const resourcePoolClass: ObjectClass = defineClass<'ResourcePool', RootResourcePool>(
  'ResourcePool',
  {
    properties: {
      summary: pool => ({
        _type: 'ResourcePoolSummary',
        name: pool.name,
        config: config(pool),
        runtime: runtime(pool),
      }),
      runtime,
      owner: () => moids.computeResource,
      resourcePool: () => [],
      vm: pool => pool.dependencies.vms(),
      config,
      childConfiguration: () => [],
    },
    methods: {},
  },
  entityClass,
);
