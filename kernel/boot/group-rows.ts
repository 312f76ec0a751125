import { CpuUnits, GroupKind, type GroupWriter, HtSharing, MAX_GROUPS, ROOT_POOL_ID } from '../abi/index.js';
import { hideRow, showRow, TableRows } from './table-rows.js';

const DEFAULT_SHARES = 1000;
const FIRST_GROUP_ID = 16;
/** What the service console is sure of, of PCPU 0. */
export const CONSOLE_MIN_PCPUS = 0.08;

/** What a group may claim of the CPUs, in PCPUs. */
export interface CpuClaim {
  readonly shares: number;
  readonly min: number;
  readonly max: number | null;
  readonly expandable?: boolean;
  readonly units?: CpuUnits;
  /** PCPU numbers below 64; left out: all. */
  readonly affinity?: readonly number[];
  readonly htSharing?: HtSharing;
}

export interface PoolClaim {
  readonly poolId: number;
  readonly parentId: number;
  readonly name: string;
  readonly cpu: CpuClaim;
}

interface NewGroup {
  readonly groupId: number;
  readonly name: string;
  readonly kind: GroupKind;
  readonly parentRow: number;
  readonly poolId: number;
}

/**
 * The rows of groups: host above idle, system, drivers, console and the root pool, `user`; pools and VMs below that.
 * Its owner moves the table's version after each change.
 */
export class GroupRows {
  readonly #rows = new TableRows(MAX_GROUPS, 'groups');
  readonly #pools = new Map<number, number>();
  #nextId = FIRST_GROUP_ID;
  readonly fixed: {
    readonly host: number;
    readonly idle: number;
    readonly system: number;
    readonly drivers: number;
    readonly console: number;
  };

  /** @param pcpus how many the host has */
  constructor(
    private readonly table: GroupWriter,
    pcpus: number,
  ) {
    const host = this.#addFixed(0, 'host', GroupKind.host, -1);
    this.fixed = {
      host,
      idle: this.#addFixed(1, 'idle', GroupKind.idle, host),
      system: this.#addFixed(2, 'system', GroupKind.system, host),
      drivers: this.#addFixed(4, 'drivers', GroupKind.drivers, host),
      console: this.#addFixed(3, 'console', GroupKind.console, host),
    };
    table.setCpuMin(this.fixed.console, CONSOLE_MIN_PCPUS);
    const user = this.#addFixed(5, 'user', GroupKind.pool, host);
    table.setPoolId(user, ROOT_POOL_ID);
    table.setCpuMin(user, pcpus - CONSOLE_MIN_PCPUS);
    this.#pools.set(ROOT_POOL_ID, user);
  }

  get everUsed(): number {
    return this.#rows.everUsed;
  }

  /** Of a pool that {@link followPools} was told of. */
  rowOfPool(poolId: number): number {
    const row = this.#pools.get(poolId);
    if (row === undefined) throw new RangeError(`pool ${poolId} has no row`);
    return row;
  }

  /** Takes a row for a VM and fills it; nobody sees it yet. */
  reserveVm(name: string, vmRow: number, poolId: number, cpu: CpuClaim, seenVersion: number): number {
    const row = this.#rows.take(seenVersion);
    const parentRow = this.rowOfPool(poolId);
    this.#fill(row, { groupId: this.#nextId++, name, kind: GroupKind.vm, parentRow, poolId: -1 }, cpu);
    this.table.setVmRow(row, vmRow);
    return row;
  }

  show(row: number): void {
    showRow(this.table, row);
  }

  hide(row: number): void {
    hideRow(this.table, row);
  }

  /** After `hide`, once the table's version moved. */
  give(row: number, version: number): void {
    this.#rows.give(row, version);
  }

  change(row: number, name: string, cpu: CpuClaim): void {
    this.table.setName(row, name);
    this.#setClaim(row, cpu);
  }

  putVm(row: number, poolId: number): void {
    this.table.setParentRow(row, this.rowOfPool(poolId));
  }

  /**
   * Makes rows of the pools as they are now, the root's apart, and hides those of pools that are gone.
   * @returns rows to give back once VMs are in their new pools and the version moved
   */
  followPools(pools: readonly PoolClaim[], seenVersion: number): number[] {
    const gone = new Map(this.#pools);
    for (const pool of pools) {
      if (pool.poolId !== ROOT_POOL_ID) this.#followPool(pool, seenVersion);
      gone.delete(pool.poolId);
    }
    for (const [poolId, row] of gone) {
      this.#pools.delete(poolId);
      this.hide(row);
    }
    return [...gone.values()];
  }

  #followPool({ poolId, parentId, name, cpu }: PoolClaim, seenVersion: number): void {
    const parentRow = this.rowOfPool(parentId);
    const known = this.#pools.get(poolId);
    if (known !== undefined) {
      this.table.setParentRow(known, parentRow);
      this.change(known, name, cpu);
      return;
    }
    const row = this.#rows.take(seenVersion);
    this.#fill(row, { groupId: this.#nextId++, name, kind: GroupKind.pool, parentRow, poolId }, cpu);
    this.#pools.set(poolId, row);
    this.show(row);
  }

  #addFixed(groupId: number, name: string, kind: GroupKind, parentRow: number): number {
    const row = this.#rows.take(0);
    const claim = { shares: DEFAULT_SHARES, min: 0, max: null };
    this.#fill(row, { groupId, name, kind, parentRow, poolId: -1 }, claim);
    this.show(row);
    return row;
  }

  #fill(row: number, group: NewGroup, cpu: CpuClaim): void {
    const { table } = this;
    table.setGroupId(row, group.groupId);
    table.setParentRow(row, group.parentRow);
    table.setKind(row, group.kind);
    table.setPoolId(row, group.poolId);
    table.setVmRow(row, -1);
    this.change(row, group.name, cpu);
  }

  #setClaim(row: number, cpu: CpuClaim): void {
    const { table } = this;
    table.setCpuShares(row, cpu.shares);
    table.setCpuMin(row, cpu.min);
    table.setCpuMax(row, cpu.max ?? -1);
    table.setCpuExpandable(row, cpu.expandable === true ? 1 : 0);
    table.setCpuUnits(row, cpu.units ?? CpuUnits.mhz);
    table.setHtSharing(row, cpu.htSharing ?? HtSharing.any);
    table.setAffinityLow(row, bitsOf(cpu.affinity, 0));
    table.setAffinityHigh(row, bitsOf(cpu.affinity, 32));
  }
}

/** A bit for each of 32 PCPUs from `first` on. */
function bitsOf(pcpus: readonly number[] = [], first: number): number {
  return pcpus
    .filter(pcpu => pcpu >= first && pcpu < first + 32)
    .reduce((bits, pcpu) => bits | (1 << (pcpu - first)), 0);
}
