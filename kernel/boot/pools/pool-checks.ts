import {
  MAX_POOL_CHILDREN,
  MAX_POOLS,
  type ResourceAllocation,
  type SharesLevel,
  VmkernelError,
} from '../../abi/index.js';
import type { Pool, PoolTree } from './pool-tree.js';

/** VIM API: the longest name of an entity. An escape stands for one character. */
const MAX_NAME = 80;
const ESCAPE = /%(?:2f|5c|25)/giu;
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;
/** VIM API, SharesInfo. */
const MAX_SHARES = 1_000_000;
/** Far above any machine; sums of all pools stay exact. */
const MAX_AMOUNT = 2 ** 31 - 1;
/** VMs that pools may know, powered on or not. */
export const MAX_KNOWN_VMS = 1024;

export type Resource = 'cpu' | 'memory';

/** Shares of a pool by level. Source: reference scheduler.md 3.1. */
const NORMAL_SHARES: Readonly<Record<Resource, number>> = { cpu: 4000, memory: 163_840 };
const FACTORS: Readonly<Record<Exclude<SharesLevel, 'custom'>, number>> = { low: 0.5, normal: 1, high: 2 };

export function defaultAllocation(resource: Resource): ResourceAllocation {
  return {
    reservation: 0,
    expandable: true,
    limit: null,
    shares: NORMAL_SHARES[resource],
    level: 'normal',
  };
}

/** The same with the shares that its level stands for. @throws VmkernelError InvalidArgument {argument} */
export function checkedAllocation(resource: Resource, given: ResourceAllocation): ResourceAllocation {
  const { reservation, expandable, limit, level } = given;
  const shares = level === 'custom' ? given.shares : NORMAL_SHARES[resource] * FACTORS[level];
  const wrong = (field: keyof ResourceAllocation, why: string): VmkernelError =>
    new VmkernelError('InvalidArgument', `${resource} ${field}: ${why}`, {
      argument: `${resource}.${field}`,
    });
  if (!isAmount(reservation))
    throw wrong('reservation', `${reservation} is no whole number from 0 to ${MAX_AMOUNT}`);
  if (limit !== null && (!isAmount(limit) || limit === 0))
    throw wrong('limit', `${limit} is no whole number from 1 to ${MAX_AMOUNT}`);
  if (limit !== null && limit < reservation)
    throw wrong('limit', `${limit} is below the reservation of ${reservation}`);
  if (!Number.isInteger(shares) || shares < 1 || shares > MAX_SHARES)
    throw wrong('shares', `${shares} is no whole number from 1 to ${MAX_SHARES}`);
  return { reservation, expandable, limit, shares, level };
}

function isAmount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_AMOUNT;
}

/** @throws VmkernelError InvalidArgument {argument: 'name'} */
export function checkName(name: string): void {
  const length = [...name.replace(ESCAPE, '/')].length;
  if (length === 0 || length > MAX_NAME || UNPRINTABLE.test(name))
    throw new VmkernelError('InvalidArgument', `A resource pool has a name of 1 to ${MAX_NAME} characters`, {
      argument: 'name',
    });
}

/** @throws VmkernelError AlreadyExists {name, parentId} when a sibling has this name */
export function checkSiblings(tree: PoolTree, { poolId, parentId, name }: Pool): void {
  if (tree.childrenOf(parentId).every(other => other.poolId === poolId || other.name !== name)) return;
  const details = { name, parentId };
  throw new VmkernelError('AlreadyExists', `There is a resource pool ${name} already`, details);
}

/** @throws VmkernelError LimitExceeded {what, limit} */
export function checkCounts(tree: PoolTree, poolId: number): void {
  const exceeded = (what: string, limit: number): VmkernelError =>
    new VmkernelError('LimitExceeded', `There can be ${limit} ${what}`, { what, limit });
  if (tree.pools.length - 1 > MAX_POOLS) throw exceeded('resource pools', MAX_POOLS);
  if (tree.vms.size > MAX_KNOWN_VMS) throw exceeded('virtual machines in resource pools', MAX_KNOWN_VMS);
  const children = tree.childrenOf(poolId).length + tree.vmsOf(poolId).length;
  if (children > MAX_POOL_CHILDREN) throw exceeded('children of a resource pool', MAX_POOL_CHILDREN);
}
