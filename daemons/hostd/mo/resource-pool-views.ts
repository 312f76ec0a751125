import { createHash } from 'node:crypto';
import type { ReservationUsage, ResourceAllocation } from '../../../kernel/abi/index.js';
import type {
  ResourceAllocationInfo,
  ResourceConfigOption,
  ResourceConfigSpec,
  ResourcePoolResourceUsage,
  ResourcePoolRuntimeInfo,
  ResourcePoolSummary,
  SharesOption,
} from '../../../lib/vim/index.js';
import { hostMhz, machineMemoryBytes, pcpuCount } from './host/host-facts.js';
import type { ResourcePool } from './resource-pool.js';
import type { VirtualMachine } from './virtual-machine.js';

const BYTES_PER_MB = 2 ** 20;

/** Shares by their level: of a pool's CPU, and of its memory. */
export const poolShares = {
  cpu: { low: 2000, normal: 4000, high: 8000 },
  memory: { low: 81_920, normal: 163_840, high: 327_680 },
} as const;

/** Custom shares that a pool can have. */
export const poolSharesRange = { min: 1, max: 1_000_000 } as const;

interface PoolAllocations {
  readonly cpu: ResourceAllocation;
  readonly memory: ResourceAllocation;
}

/** All of the host until the VMkernel has told what it keeps for itself. */
function allocationsOf({ info, dependencies: { facts } }: ResourcePool): PoolAllocations {
  if (info !== undefined) return info;
  const all = (amount: number, shares: number): ResourceAllocation => {
    return { reservation: amount, expandable: false, limit: amount, shares, level: 'normal' };
  };
  return {
    cpu: all(hostMhz(facts) * pcpuCount(facts), poolShares.cpu.normal),
    memory: all(Math.floor(machineMemoryBytes(facts) / BYTES_PER_MB), poolShares.memory.normal),
  };
}

function allocationInfo(allocation: ResourceAllocation): ResourceAllocationInfo {
  const { reservation, expandable, limit, shares, level } = allocation;
  return {
    reservation,
    expandableReservation: expandable,
    limit: limit ?? -1,
    shares: { shares, level },
  };
}

export function poolConfig(pool: ResourcePool): ResourceConfigSpec {
  const { cpu, memory } = allocationsOf(pool);
  return {
    entity: pool.ref,
    changeVersion: poolChangeVersion(pool),
    cpuAllocation: allocationInfo(cpu),
    memoryAllocation: allocationInfo(memory),
  };
}

/** Names what the pool is given, the same after a restart. */
export function poolChangeVersion(pool: ResourcePool): string {
  const { cpu, memory } = allocationsOf(pool);
  const values = [cpu, memory].map(one => [
    one.reservation,
    one.expandable,
    one.limit,
    one.shares,
    one.level,
  ]);
  return createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, 16);
}

/** Most that what is in the pool can use together: its limit and those of the pools it is in. MHz or MB. */
export function poolMaxUsage(pool: ResourcePool, resource: 'cpu' | 'memory'): number {
  const limits = pool.path.map(one => allocationsOf(one)[resource].limit ?? Number.POSITIVE_INFINITY);
  return Math.min(...limits);
}

const nothingReserved: ReservationUsage = {
  reservationUsed: 0,
  reservationUsedForVm: 0,
  unreservedForPool: 0,
  unreservedForVm: 0,
};

function usage(
  reserved: ReservationUsage | undefined,
  unit: number,
  use: { readonly overallUsage: number; readonly maxUsage: number },
): ResourcePoolResourceUsage {
  const of = reserved ?? nothingReserved;
  return {
    reservationUsed: of.reservationUsed * unit,
    reservationUsedForVm: of.reservationUsedForVm * unit,
    unreservedForPool: of.unreservedForPool * unit,
    unreservedForVm: of.unreservedForVm * unit,
    ...use,
  };
}

/** CPU in MHz, memory in bytes. */
export function poolRuntime(pool: ResourcePool): ResourcePoolRuntimeInfo {
  const { info } = pool;
  return {
    memory: usage(info?.memoryUsage, BYTES_PER_MB, {
      overallUsage: usedMemoryBytes(pool),
      maxUsage: poolMaxUsage(pool, 'memory') * BYTES_PER_MB,
    }),
    cpu: usage(info?.cpuUsage, 1, { overallUsage: usedMhz(pool), maxUsage: poolMaxUsage(pool, 'cpu') }),
    overallStatus: 'green',
  };
}

function usedMhz({ poolId, dependencies: { facts } }: ResourcePool): number {
  return Math.round((facts.account.poolFigures?.usedPcpus(poolId) ?? 0) * hostMhz(facts));
}

function usedMemoryBytes(pool: ResourcePool): number {
  return vmsBelow(pool).reduce((sum, vm) => sum + (vm.use?.hostMemoryBytes ?? 0), 0);
}

/** Machines in the pool and in all pools below it. */
function vmsBelow(pool: ResourcePool): VirtualMachine[] {
  return [pool, ...pool.below].flatMap(one => [...pool.dependencies.vms(one)]);
}

export function poolSummary(pool: ResourcePool): ResourcePoolSummary {
  const memoryMb = vmsBelow(pool).map(({ config }) =>
    config.kind === 'read' ? config.info.hardware.memoryMB : 0,
  );
  return {
    _type: 'ResourcePoolSummary',
    name: pool.name,
    config: poolConfig(pool),
    runtime: poolRuntime(pool),
    configuredMemoryMB: memoryMb.reduce((sum, mb) => sum + mb, 0),
  };
}

export function poolConfigOption(): ResourceConfigOption {
  const option = (shares: { readonly normal: number }): { readonly sharesOption: SharesOption } => ({
    sharesOption: {
      sharesOption: { ...poolSharesRange, defaultValue: shares.normal },
      defaultLevel: 'normal',
    },
  });
  return {
    cpuAllocationOption: option(poolShares.cpu),
    memoryAllocationOption: option(poolShares.memory),
  };
}
