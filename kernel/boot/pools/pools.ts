import type { EsxConf } from '../../../lib/esxconf/index.js';
import type { Logger } from '../../../lib/log/index.js';
import {
  type PoolCalls,
  type PoolChange,
  type PoolInfo,
  type ReservationUsage,
  ROOT_POOL_ID,
  VmkernelError,
} from '../../abi/index.js';
import type { PoolAccount } from '../../sched/policy/index.js';
import type { ChangeFeed } from '../change-feed.js';
import type { EsxConfFile } from '../esx-conf-file.js';
import { type Accounts, Admission, type AdmissionLimits, type Capacity } from './admission.js';
import {
  checkCounts,
  checkedAllocation,
  checkName,
  checkSiblings,
  defaultAllocation,
} from './pool-checks.js';
import {
  fitsInSettings,
  isPoolSetting,
  LAST_POOL_ID,
  POOL_KEYS,
  readPools,
  settingsOf,
} from './pool-settings.js';
import type { Pool, PoolTree } from './pool-tree.js';

/** What the shares of the root are worth beside those of console and system: nothing depends on it among VMs. */
const ROOT_SHARES = 9000;

export interface PoolsParts {
  readonly capacity: Capacity;
  readonly limits: AdmissionLimits;
  readonly esxConf: EsxConfFile;
  readonly feed: ChangeFeed;
  readonly log: Logger;
  /** A datastore path with its volume id. @throws VmkernelError NotFound, InvalidArgument */
  readonly canonical: (vmxPath: string) => string;
  /** The pools, and the pools of VMs, are these from now on. @throws VmkernelError when there is no room for them */
  readonly follow: (tree: PoolTree) => void;
}

type Args<N extends keyof PoolCalls> = PoolCalls[N]['args'];
type Told = readonly { readonly object: string; readonly event: string }[];

/** The resource pools of the host and the calls that change them. */
export class Pools {
  readonly admission: Admission;
  #tree: PoolTree;

  constructor(private readonly parts: PoolsParts) {
    const { esxConf, log, capacity } = parts;
    const conf = esxConf.read();
    if (conf.strayLines > 0)
      log.warn(
        { module: 'EsxConf' },
        `esx.conf is damaged: ${conf.strayLines} of its lines are no settings; what they said is not known`,
      );
    const { tree, problems } = readPools(conf.below(POOL_KEYS), rootPool(capacity));
    this.#tree = tree;
    this.admission = new Admission(capacity, parts.limits, () => this.#tree);
    for (const problem of problems) log.warn({ module: 'Pools' }, `esx.conf: ${problem}`);
    if (problems.length > 0) this.#mend();
    parts.follow(tree);
  }

  get tree(): PoolTree {
    return this.#tree;
  }

  list(): PoolInfo[] {
    const accounts = this.admission.accounts();
    const vms = this.#vmsByPool();
    return this.#tree.pools.map(pool => ({
      ...pool,
      vms: vms.get(pool.poolId) ?? [],
      cpuUsage: usageOf(accounts, 'cpu', pool.poolId),
      memoryUsage: usageOf(accounts, 'memory', pool.poolId),
    }));
  }

  create({ parentId, name, cpu, memory }: Args<'createPool'>): number {
    const poolId = this.#tree.nextId;
    if (poolId > LAST_POOL_ID) throw noIdLeft();
    this.#change(tree => {
      tree.get(parentId);
      const pool = { poolId, parentId, ...checkedFields({ name, cpu, memory }) };
      checkSiblings(tree, pool);
      tree.put(pool);
      checkCounts(tree, parentId);
      return [{ object: `pool:${poolId}`, event: 'created' }];
    });
    return poolId;
  }

  update({ changes }: Args<'updatePools'>): void {
    this.#change(tree => {
      for (const change of changes) updatePool(tree, change);
      for (const { poolId } of changes) checkSiblings(tree, tree.get(poolId));
      return changes.map(({ poolId }) => ({ object: `pool:${poolId}`, event: 'changed' }));
    });
  }

  move({ poolId, pools, vms }: Args<'moveIntoPool'>): void {
    const paths = vms.map(path => this.#vmPath(path));
    this.#change(tree => {
      tree.get(poolId);
      const moved = pools.filter(id => tree.get(id).parentId !== poolId);
      for (const id of moved) movePool(tree, id, poolId);
      const placed = paths.filter(path => tree.vms.get(path) !== poolId);
      for (const path of placed) tree.putVm(path, poolId);
      checkCounts(tree, poolId);
      return [
        ...moved.map(id => ({ object: `pool:${id}`, event: 'moved' })),
        ...placed.map(path => ({ object: path, event: 'pool' })),
      ];
    });
  }

  destroy({ poolId }: Args<'destroyPool'>): void {
    this.#change(tree => {
      const { parentId } = tree.get(poolId);
      if (poolId === ROOT_POOL_ID) throw rootRefusal();
      const children = tree.childrenOf(poolId).map(child => child.poolId);
      const vms = tree.vmsOf(poolId);
      tree.remove(poolId);
      for (const child of children) movePool(tree, child, parentId);
      for (const path of vms) tree.putVm(path, parentId);
      checkCounts(tree, parentId);
      return [
        ...children.map(child => ({ object: `pool:${child}`, event: 'moved' })),
        ...vms.map(path => ({ object: path, event: 'pool' })),
        { object: `pool:${poolId}`, event: 'destroyed' },
      ];
    });
  }

  forgetVm({ vmxPath }: Args<'forgetVm'>): void {
    const path = this.#tree.vms.has(vmxPath) ? vmxPath : this.parts.canonical(vmxPath);
    if (!this.#tree.vms.has(path)) return;
    this.#change(tree => {
      tree.forgetVm(path);
      return [{ object: path, event: 'pool' }];
    });
  }

  /** All of it, durable, or nothing. */
  #change(make: (tree: PoolTree) => Told): void {
    const next = this.#tree.copy();
    const told = make(next);
    if (told.length === 0) return;
    this.admission.checkTree(next);
    this.parts.follow(next);
    try {
      this.#save(next);
    } catch (error) {
      this.parts.follow(this.#tree);
      throw error;
    }
    this.#tree = next;
    for (const one of told) this.parts.feed.publish({ topic: 'config', ...one });
  }

  #save(tree: PoolTree): void {
    this.parts.esxConf.edit(conf => writeSettings(conf, settingsOf(tree)));
  }

  /** What could not be understood stays in a copy of the file; the file says what holds. */
  #mend(): void {
    const { esxConf, log } = this.parts;
    try {
      const copy = esxConf.keepCopy();
      log.warn(
        { module: 'Pools' },
        `esx.conf: the resource pools were mended; the file as it was is ${copy}`,
      );
      this.#save(this.#tree);
    } catch (error) {
      log.error({ module: 'Pools', err: error }, 'esx.conf: damaged resource pools stay as they are');
    }
  }

  #vmPath(path: string): string {
    const canonical = this.parts.canonical(path);
    if (fitsInSettings(canonical)) return canonical;
    throw new VmkernelError('InvalidArgument', 'The path of the .vmx is too long', { argument: 'vms' });
  }

  /** One that runs and was never moved is in the root. */
  #vmsByPool(): Map<number, string[]> {
    const paths = new Set(this.#tree.vms.keys());
    for (const { vmxPath } of this.admission.poweredOn) paths.add(vmxPath);
    const found = new Map<number, string[]>();
    for (const path of [...paths].sort()) {
      const poolId = this.#tree.poolOf(path);
      const vms = found.get(poolId);
      if (vms === undefined) found.set(poolId, [path]);
      else vms.push(path);
    }
    return found;
  }
}

/** The host itself: what there is is what can be reserved. */
function rootPool({ pcpuMhz, memoryMb }: Capacity): Pool {
  const cpuMhz = pcpuMhz.reduce((sum, mhz) => sum + mhz, 0);
  const all = (amount: number, shares: number) =>
    ({ reservation: amount, expandable: false, limit: amount, shares, level: 'custom' }) as const;
  return {
    poolId: ROOT_POOL_ID,
    parentId: -1,
    name: 'Resources',
    cpu: all(cpuMhz, ROOT_SHARES),
    memory: all(memoryMb, defaultAllocation('memory').shares),
  };
}

function checkedFields<T extends Omit<PoolChange, 'poolId'>>(fields: T): T {
  if (fields.name !== undefined) checkName(fields.name);
  return {
    ...fields,
    ...(fields.cpu === undefined ? {} : { cpu: checkedAllocation('cpu', fields.cpu) }),
    ...(fields.memory === undefined ? {} : { memory: checkedAllocation('memory', fields.memory) }),
  };
}

function updatePool(tree: PoolTree, { poolId, ...fields }: PoolChange): void {
  const pool = tree.get(poolId);
  if (poolId === ROOT_POOL_ID) throw rootRefusal();
  tree.put({ ...pool, ...checkedFields(fields) });
}

function movePool(tree: PoolTree, poolId: number, parentId: number): void {
  const pool = tree.get(poolId);
  if (poolId === ROOT_POOL_ID) throw rootRefusal();
  if (tree.isWithin(parentId, poolId))
    throw new VmkernelError('InvalidArgument', `Resource pool ${pool.name} cannot go into itself`, {
      argument: 'poolId',
    });
  const moved = { ...pool, parentId };
  checkSiblings(tree, moved);
  tree.put(moved);
}

function rootRefusal(): VmkernelError {
  return new VmkernelError('InvalidArgument', 'The root resource pool is the host itself', {
    argument: 'poolId',
  });
}

function noIdLeft(): VmkernelError {
  return new VmkernelError('LimitExceeded', 'The ids of resource pools are used up', {
    what: 'ids of resource pools',
    limit: LAST_POOL_ID,
  });
}

function usageOf(accounts: Accounts, resource: keyof Accounts, poolId: number): ReservationUsage {
  const account: PoolAccount | undefined = accounts[resource].get(poolId);
  const free = account?.free ?? 0;
  return {
    reservationUsed: account?.used ?? 0,
    reservationUsedForVm: account?.usedByUsers ?? 0,
    unreservedForPool: free,
    unreservedForVm: free,
  };
}

function writeSettings(conf: EsxConf, settings: ReadonlyMap<string, string>): void {
  const gone = [...conf.below(POOL_KEYS).keys()].filter(key => !settings.has(key) && isPoolSetting(key));
  conf.delete(new Set(gone));
  for (const [key, value] of settings) conf.set(key, value);
}
