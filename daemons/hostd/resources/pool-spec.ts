import type { ResourceAllocation } from '../../../kernel/abi/index.js';
import type { ResourceAllocationInfo, ResourceConfigSpec, SharesInfo } from '../../../lib/vim/index.js';
import { invalidArgument, vimFault } from '../../../lib/vim-server/index.js';
import type { ResourcePool } from '../mo/resource-pool.js';
import { poolChangeVersion, poolShares, poolSharesRange } from '../mo/resource-pool-views.js';
import { isAmount } from '../vm-config/spec/allocations.js';

export interface PoolAllocations {
  readonly cpu: ResourceAllocation;
  readonly memory: ResourceAllocation;
}

const resources = { cpu: 'cpuAllocation', memory: 'memoryAllocation' } as const;
type Resource = keyof typeof resources;

/**
 * What a pool is given.
 * @param before what it has, for what the spec leaves out; of a new pool the spec must say everything
 * @param name of the argument, for faults: `spec.cpuAllocation.limit`
 * @throws VimFault InvalidArgument
 */
export function poolAllocations(
  spec: ResourceConfigSpec,
  before: PoolAllocations | undefined,
  name: string,
): PoolAllocations {
  const of = (resource: Resource): ResourceAllocation => {
    const path = `${name}.${resources[resource]}`;
    return allocation(spec[resources[resource]], before?.[resource], { resource, path });
  };
  return { cpu: of('cpu'), memory: of('memory') };
}

/**
 * What an existing pool is given by a spec that somebody made of what he read.
 * @throws VimFault ConcurrentAccess when the pool has been given something else since
 */
export function changedAllocations(
  pool: ResourcePool,
  spec: ResourceConfigSpec,
  name: string,
): PoolAllocations {
  const { entity, changeVersion = '' } = spec;
  if (entity !== undefined && entity.value !== pool.ref.value) throw invalidArgument(`${name}.entity`);
  if (changeVersion !== '' && changeVersion !== poolChangeVersion(pool))
    throw vimFault('ConcurrentAccess', {}, 'The resource pool was changed by somebody else.');
  return poolAllocations(spec, pool.info, name);
}

interface AllocationPlace {
  readonly resource: Resource;
  readonly path: string;
}

function allocation(
  info: ResourceAllocationInfo,
  before: ResourceAllocation | undefined,
  place: AllocationPlace,
): ResourceAllocation {
  const given = <T>(field: keyof ResourceAllocationInfo, value: T | undefined): T => {
    if (value === undefined) throw invalidArgument(`${place.path}.${field}`);
    return value;
  };
  const reservation = Number(given('reservation', info.reservation ?? before?.reservation));
  const limitNumber = Number(given('limit', info.limit ?? (before && (before.limit ?? -1))));
  const expandable = given('expandableReservation', info.expandableReservation ?? before?.expandable);
  if (!isAmount(reservation)) throw invalidArgument(`${place.path}.reservation`);
  const limit = limitNumber === -1 ? null : limitNumber;
  if (limit !== null && (!isAmount(limit) || limit < reservation))
    throw invalidArgument(`${place.path}.limit`);
  const shares =
    info.shares === undefined ? given('shares', before && sharesOf(before)) : askedShares(info.shares, place);
  return { reservation, limit, expandable, ...shares };
}

type Shares = Pick<ResourceAllocation, 'shares' | 'level'>;

function sharesOf({ shares, level }: ResourceAllocation): Shares {
  return { shares, level };
}

function askedShares({ shares, level }: SharesInfo, { resource, path }: AllocationPlace): Shares {
  if (level !== 'custom') return { level, shares: poolShares[resource][level] };
  const { min, max } = poolSharesRange;
  if (shares < min || shares > max) throw invalidArgument(`${path}.shares`);
  return { level, shares };
}
