import { MAX_POOLS, type ResourceAllocation, ROOT_POOL_ID, VmkernelError } from '../../abi/index.js';
import {
  checkedAllocation,
  checkName,
  defaultAllocation,
  MAX_KNOWN_VMS,
  type Resource,
} from './pool-checks.js';
import { type Pool, PoolTree } from './pool-tree.js';

/** All that this file reads and writes stands below it. */
export const POOL_KEYS = '/resourcePool/';
const OURS =
  /^\/resourcePool\/(?:nextId|(?:pool|vm)\[\d{1,6}\]\/(?:name|parent|path|pool|(?:cpu|memory)\/\w+))$/;
const ROW = /^\/resourcePool\/(pool|vm)\[(\d{1,6})\]\/(.+)$/;
const UNLIMITED = 'unlimited';
/** Largest number in a key's brackets. */
export const LAST_POOL_ID = 999_999;
const MAX_VALUE = 4096;

/** As a value of esx.conf, which has no quotes and no control characters. */
function encode(text: string): string {
  return text.replace(/[%"\p{Cc}]/gu, encodeURIComponent);
}

export function fitsInSettings(text: string): boolean {
  return encode(text).length <= MAX_VALUE;
}

export function isPoolSetting(key: string): boolean {
  return OURS.test(key);
}

/** What esx.conf says of these pools. */
export function settingsOf(tree: PoolTree): Map<string, string> {
  const settings = new Map([[`${POOL_KEYS}nextId`, String(tree.nextId)]]);
  for (const pool of tree.pools) if (pool.poolId !== ROOT_POOL_ID) writePool(settings, pool);
  let row = 0;
  for (const [vmxPath, poolId] of tree.vms) {
    const key = rowKey('vm', row++);
    settings.set(`${key}path`, encode(vmxPath));
    settings.set(`${key}pool`, String(poolId));
  }
  return settings;
}

function rowKey(kind: 'pool' | 'vm', row: number): string {
  return `${POOL_KEYS}${kind}[${String(row).padStart(4, '0')}]/`;
}

function writePool(settings: Map<string, string>, pool: Pool): void {
  const key = rowKey('pool', pool.poolId);
  settings.set(`${key}name`, encode(pool.name));
  settings.set(`${key}parent`, String(pool.parentId));
  for (const resource of ['cpu', 'memory'] as const) {
    const { reservation, expandable, limit, shares, level } = pool[resource];
    settings.set(`${key}${resource}/reservation`, String(reservation));
    settings.set(`${key}${resource}/expandable`, expandable ? 'TRUE' : 'FALSE');
    settings.set(`${key}${resource}/limit`, limit === null ? UNLIMITED : String(limit));
    settings.set(`${key}${resource}/shares`, level === 'custom' ? String(shares) : level);
  }
}

/** The pools as far as they can be understood, and what is wrong with the rest: one sentence each. Other keys stay. */
export function readPools(
  settings: ReadonlyMap<string, string>,
  root: Pool,
): { tree: PoolTree; problems: string[] } {
  const reading = new Reading(settings);
  return { tree: reading.tree(root), problems: reading.problems };
}

class Reading {
  readonly problems: string[] = [];
  readonly #rows = {
    pool: new Map<number, Map<string, string>>(),
    vm: new Map<number, Map<string, string>>(),
  };
  #nextId = ROOT_POOL_ID + 1;

  constructor(settings: ReadonlyMap<string, string>) {
    for (const [key, value] of settings) {
      const [, kind, row, field] = ROW.exec(key) ?? [];
      if (key === `${POOL_KEYS}nextId`) this.#nextId = this.#number(key, value, ROOT_POOL_ID + 1);
      else if ((kind === 'pool' || kind === 'vm') && row !== undefined && field !== undefined)
        this.#put(this.#rows[kind], Number(row), field, value);
    }
  }

  tree(root: Pool): PoolTree {
    const tree = new PoolTree(root);
    const pools = [...this.#rows.pool.keys()].sort((a, b) => a - b).flatMap(id => this.#pool(id) ?? []);
    for (const pool of pools.slice(0, MAX_POOLS)) tree.put(pool);
    for (const { poolId } of pools.slice(MAX_POOLS))
      this.#wrong(rowKey('pool', poolId), `is left out: there can be ${MAX_POOLS} resource pools`);
    for (const { poolId } of pools) if (tree.has(poolId)) this.#attach(tree, tree.get(poolId));
    for (const { poolId } of pools) if (tree.has(poolId)) this.#distinguish(tree, tree.get(poolId));
    for (const [row, fields] of this.#rows.vm) this.#vm(tree, row, fields);
    tree.useIdsBelow(this.#nextId);
    return tree;
  }

  #put(rows: Map<number, Map<string, string>>, row: number, field: string, value: string): void {
    const fields = rows.get(row) ?? new Map<string, string>();
    rows.set(row, fields.set(field, value));
  }

  #pool(poolId: number): Pool | undefined {
    const key = rowKey('pool', poolId);
    const fields = this.#rows.pool.get(poolId) ?? new Map<string, string>();
    if (poolId === ROOT_POOL_ID) {
      this.#wrong(key, 'is left out: the root is the host itself');
      return undefined;
    }
    return {
      poolId,
      parentId: this.#number(`${key}parent`, fields.get('parent'), ROOT_POOL_ID),
      name: this.#name(poolId, fields.get('name')),
      cpu: this.#allocation('cpu', poolId, fields),
      memory: this.#allocation('memory', poolId, fields),
    };
  }

  #name(poolId: number, value: string | undefined): string {
    const key = `${rowKey('pool', poolId)}name`;
    const name = this.#decoded(key, value ?? '');
    try {
      checkName(name);
      return name;
    } catch (error) {
      this.#wrong(key, error instanceof VmkernelError ? error.message : String(error));
      return `pool${poolId}`;
    }
  }

  #allocation(resource: Resource, poolId: number, fields: ReadonlyMap<string, string>): ResourceAllocation {
    const key = `${rowKey('pool', poolId)}${resource}`;
    const usual = defaultAllocation(resource);
    const field = (name: string): string | undefined => fields.get(`${resource}/${name}`);
    const limit = field('limit') ?? UNLIMITED;
    const given: ResourceAllocation = {
      reservation: this.#number(`${key}/reservation`, field('reservation'), usual.reservation),
      expandable: this.#bool(`${key}/expandable`, field('expandable'), usual.expandable),
      limit: limit === UNLIMITED ? null : this.#number(`${key}/limit`, limit, 0),
      ...this.#shares(`${key}/shares`, field('shares') ?? usual.level, usual.shares),
    };
    try {
      return checkedAllocation(resource, given);
    } catch (error) {
      this.#wrong(key, error instanceof VmkernelError ? error.message : String(error));
      return usual;
    }
  }

  #shares(key: string, value: string, usual: number): Pick<ResourceAllocation, 'shares' | 'level'> {
    if (value === 'low' || value === 'normal' || value === 'high') return { shares: usual, level: value };
    return { shares: this.#number(key, value, usual), level: 'custom' };
  }

  /** Below its parent where there is one that leads to the root; else below the root. */
  #attach(tree: PoolTree, pool: Pool): void {
    const key = `${rowKey('pool', pool.poolId)}parent`;
    if (!tree.has(pool.parentId)) this.#wrong(key, `names no resource pool (${pool.parentId})`);
    else if (this.#leadsToRoot(tree, pool)) return;
    else this.#wrong(key, `puts the pool below itself (${pool.parentId})`);
    tree.put({ ...pool, parentId: ROOT_POOL_ID });
  }

  #leadsToRoot(tree: PoolTree, { parentId }: Pool): boolean {
    const seen = new Set<number>();
    let id = parentId;
    while (id !== ROOT_POOL_ID && tree.has(id) && !seen.has(id)) {
      seen.add(id);
      id = tree.get(id).parentId;
    }
    // One whose parent is missing is brought to the root in its own turn.
    return !seen.has(id);
  }

  #distinguish(tree: PoolTree, pool: Pool): void {
    const twin = tree
      .childrenOf(pool.parentId)
      .find(({ poolId, name }) => poolId < pool.poolId && name === pool.name);
    if (twin === undefined) return;
    this.#wrong(`${rowKey('pool', pool.poolId)}name`, `is that of pool ${twin.poolId} beside it`);
    tree.put({ ...pool, name: `pool${pool.poolId}` });
  }

  #vm(tree: PoolTree, row: number, fields: ReadonlyMap<string, string>): void {
    const key = rowKey('vm', row);
    const vmxPath = this.#decoded(`${key}path`, fields.get('path') ?? '');
    const poolId = this.#number(`${key}pool`, fields.get('pool'), ROOT_POOL_ID);
    if (vmxPath === '') this.#wrong(`${key}path`, 'is missing');
    else if (tree.vms.size >= MAX_KNOWN_VMS) this.#wrong(key, `is left out: there can be ${MAX_KNOWN_VMS}`);
    else {
      if (!tree.has(poolId)) this.#wrong(`${key}pool`, `names no resource pool (${poolId})`);
      tree.putVm(vmxPath, tree.has(poolId) ? poolId : ROOT_POOL_ID);
    }
  }

  #decoded(key: string, value: string): string {
    try {
      return decodeURIComponent(value);
    } catch (error) {
      this.#wrong(key, String(error));
      return value;
    }
  }

  #number(key: string, value: string | undefined, otherwise: number): number {
    if (value !== undefined && /^\d{1,10}$/.test(value)) return Number(value);
    this.#wrong(key, value === undefined ? 'is missing' : `is no whole number ("${value.slice(0, 64)}")`);
    return otherwise;
  }

  #bool(key: string, value: string | undefined, otherwise: boolean): boolean {
    if (value === 'TRUE' || value === 'FALSE') return value === 'TRUE';
    this.#wrong(key, 'is neither TRUE nor FALSE');
    return otherwise;
  }

  #wrong(key: string, why: string): void {
    this.problems.push(`${key} ${why}`);
  }
}
