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
  /** What the machines that run have reserved: MHz, and bytes of their memory, which is reserved whole. */
  reserved(): { readonly mhz: number; readonly memoryBytes: number };
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

/** What there is for machines: MHz and bytes. All of the host's until the VMkernel has told its figures. */
function capacity({ dependencies: { facts } }: RootResourcePool): { mhz: number; memoryBytes: number } {
  const { figures } = facts.account;
  return {
    mhz: Math.floor(hostMhz(facts) * (figures?.vmCapacityPcpus ?? pcpuCount(facts))),
    memoryBytes: figures?.vmMemory()?.capacityBytes ?? machineMemoryBytes(facts),
  };
}

function config(pool: RootResourcePool): ResourceConfigSpec {
  const allocation = (reservation: number): ResourceAllocationInfo => ({
    reservation,
    expandableReservation: true,
    limit: reservation,
    shares: { shares: 4000, level: 'normal' },
  });
  return {
    entity: moids.rootPool,
    cpuAllocation: allocation(capacity(pool).mhz),
    memoryAllocation: allocation(Math.floor(capacity(pool).memoryBytes / 2 ** 20)),
  };
}

function usage(maxUsage: number, reserved: number, overallUsage: number): ResourcePoolResourceUsage {
  const unreserved = Math.max(0, maxUsage - reserved);
  return {
    reservationUsed: reserved,
    reservationUsedForVm: reserved,
    unreservedForPool: unreserved,
    unreservedForVm: unreserved,
    overallUsage,
    maxUsage,
  };
}

/** A machine's memory is reserved whole, and its overhead with it. */
function runtime(pool: RootResourcePool): ResourcePoolRuntimeInfo {
  const { facts, reserved } = pool.dependencies;
  const { figures } = facts.account;
  const { mhz, memoryBytes } = reserved();
  const { usedBytes = 0, overheadBytes = 0 } = figures?.vmMemory() ?? {};
  const usedMhz = Math.round((figures?.vmPcpus() ?? 0) * hostMhz(facts));
  return {
    memory: usage(capacity(pool).memoryBytes, memoryBytes + overheadBytes, usedBytes),
    cpu: usage(capacity(pool).mhz, mhz, usedMhz),
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
