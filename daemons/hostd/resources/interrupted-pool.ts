import type { TaskInfo } from '../../../lib/vim/index.js';
import type { TaskOutcome } from '../../../lib/vim-server/index.js';
import type { PoolTable } from '../inventory/pool-table.js';

/**
 * How the destruction of a pool ended whose hostd died before it did: the pool is there, or it is not.
 * @returns undefined for other tasks
 */
export function interruptedPool(
  { entity, descriptionId }: TaskInfo,
  pools: PoolTable,
): TaskOutcome | 'later' | undefined {
  if (entity?.type !== 'ResourcePool' || descriptionId !== 'ManagedEntity.destroy') return undefined;
  if (!pools.hasRead) return 'later';
  return pools.at(entity) === undefined ? { result: undefined } : undefined;
}
