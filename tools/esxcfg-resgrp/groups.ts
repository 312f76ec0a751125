import { type PoolInfo, type ResourceAllocation, ROOT_POOL_ID } from '../../kernel/abi/index.js';

const ROOT = '/';

/** A group by its path below the root, `/high/web`; the root is `/`. Undefined where there is none. */
export function groupAt(pools: readonly PoolInfo[], path: string): PoolInfo | undefined {
  let found = pools.find(pool => pool.poolId === ROOT_POOL_ID);
  for (const name of path.split('/').filter(part => part !== '')) {
    const parentId = found?.poolId;
    found = pools.find(pool => pool.parentId === parentId && pool.name === name);
  }
  return found;
}

/** `/high/web` is `web` below `/high`. */
export function splitPath(path: string): { readonly parent: string; readonly name: string } {
  const parts = path.split('/').filter(part => part !== '');
  return { parent: ROOT + parts.slice(0, -1).join('/'), name: parts.at(-1) ?? '' };
}

/** The tree, children indented below their parent. */
export function treeText(pools: readonly PoolInfo[]): string {
  const lines = (pool: PoolInfo, depth: number): string[] => [
    `${'  '.repeat(depth)}${pool.poolId === ROOT_POOL_ID ? ROOT : pool.name.replace(/\p{Cc}/gu, '?')}  cpu: ${said(pool.cpu, 'MHz')}  mem: ${said(pool.memory, 'MB')}  vms: ${pool.vms.length}\n`,
    ...pools.filter(child => child.parentId === pool.poolId).flatMap(child => lines(child, depth + 1)),
  ];
  const root = groupAt(pools, ROOT);
  return root === undefined ? '' : lines(root, 0).join('');
}

function said({ reservation, expandable, limit, shares, level }: ResourceAllocation, unit: string): string {
  const most = limit === null ? 'unlimited' : `${limit} ${unit}`;
  return `min ${reservation} ${unit}${expandable ? ' (expandable)' : ''}, max ${most}, shares ${shares} (${level})`;
}

export const NORMAL: ResourceAllocation = {
  reservation: 0,
  expandable: true,
  limit: null,
  shares: 4000,
  level: 'normal',
};

/** Undefined for a word that is no setting. */
export function changed(
  before: ResourceAllocation,
  key: string,
  value: string,
): ResourceAllocation | undefined {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : undefined;
  if (key === 'min' && number !== undefined) return { ...before, reservation: number };
  if (key === 'max' && (number !== undefined || value === 'unlimited'))
    return { ...before, limit: number ?? null };
  if (key === 'expandable' && /^(yes|no)$/.test(value)) return { ...before, expandable: value === 'yes' };
  if (key !== 'shares') return undefined;
  if (value === 'low' || value === 'normal' || value === 'high') return { ...before, level: value };
  return number === undefined ? undefined : { ...before, level: 'custom', shares: number };
}
