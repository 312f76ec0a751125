import { type GroupTable as GroupRows, MAX_GROUPS, type SchedGroupWriter } from '../abi/index.js';
import type { GroupTree } from './policy/index.js';
import type { WorldTimes } from './world-times.js';

const SUMS = ['usedUs', 'runUs', 'readyUs', 'waitUs', 'idleUs', 'systemUs', 'limitedUs', 'costopUs'] as const;
type Sum = (typeof SUMS)[number];
type Sums = Readonly<Record<Sum, Float64Array>>;

const DEMAND_SMOOTHING = 0.3;
/** Groups nest no deeper. */
const MAX_DEPTH = 64;

const newSums = (): Sums =>
  Object.fromEntries(SUMS.map(sum => [sum, new Float64Array(MAX_GROUPS)])) as Record<Sum, Float64Array>;

/**
 * What groups used, as sums over their worlds and the groups below them. What a world or a group used that is no more
 * stays with the group above it: sums never go back.
 */
export class GroupTimes {
  /** Of worlds and groups that ended. */
  readonly #past = newSums();
  readonly #now = newSums();
  readonly #generation = new Int32Array(MAX_GROUPS);
  readonly #parent = new Int32Array(MAX_GROUPS);
  readonly #demand = new Float64Array(MAX_GROUPS);
  readonly #wantedUs = new Float64Array(MAX_GROUPS);
  readonly #lastUsedUs = new Float64Array(MAX_GROUPS);
  readonly #extraUs = new Float64Array(MAX_GROUPS);
  readonly #entitled = new Float64Array(MAX_GROUPS);
  readonly #guaranteed = new Float64Array(MAX_GROUPS);
  readonly #shownDemand = new Float64Array(MAX_GROUPS);
  readonly #scratch = new Float64Array(MAX_GROUPS);
  #rows = 0;
  #takenUs = 0;

  constructor(
    private readonly rows: GroupRows,
    private readonly tree: GroupTree,
  ) {}

  /** Follows the table where it moved; what ended groups used goes to their parents. */
  sync(groupCount: number): void {
    for (let row = 0; row < this.#rows; row++)
      if (this.#generation[row] !== this.rows.generation(row)) this.#fold(row);
    for (let row = 0; row < groupCount; row++) {
      this.#generation[row] = this.rows.generation(row);
      this.#parent[row] = this.rows.parentRow(row);
    }
    this.#rows = groupCount;
  }

  /** A world has ended. */
  keep(groupRow: number, times: WorldTimes): void {
    for (const sum of SUMS) add(this.#past[sum], groupRow, times[sum]);
  }

  begin(): void {
    for (const sum of SUMS) this.#now[sum].set(this.#past[sum]);
  }

  count(groupRow: number, times: WorldTimes): void {
    for (const sum of SUMS) add(this.#now[sum], groupRow, times[sum]);
  }

  /** @param capacity PCPUs that VMs can have; @param vcpusOf virtual CPUs of a VM's group */
  publish(table: SchedGroupWriter, nowUs: number, capacity: number, vcpusOf: Float64Array): void {
    const elapsedUs = nowUs - this.#takenUs;
    this.#estimate(elapsedUs, capacity, vcpusOf);
    this.#sumUp();
    for (let row = 0; row < this.#rows; row++) {
      if ((this.rows.generation(row) & 1) === 0) continue;
      const usedUs = this.#now.usedUs[row] ?? 0;
      const sureUs =
        this.#takenUs === 0 ? Number.POSITIVE_INFINITY : (this.#guaranteed[row] ?? 0) * elapsedUs;
      add(this.#extraUs, row, Math.max(0, usedUs - (this.#lastUsedUs[row] ?? 0) - sureUs));
      this.#lastUsedUs[row] = usedUs;
      this.#write(table, row, nowUs);
    }
    this.#takenUs = nowUs;
  }

  /** Demand, smoothed; what each is entitled to by it, and would be if everybody wanted all they may have. */
  #estimate(elapsedUs: number, capacity: number, vcpusOf: Float64Array): void {
    const { tree } = this;
    for (let i = 0; i < tree.size; i++) {
      const node = tree.nodeAt(i);
      const wantedUs = (this.#now.runUs[node] ?? 0) + (this.#now.readyUs[node] ?? 0);
      const wanted = Math.max(0, wantedUs - (this.#wantedUs[node] ?? 0)) / Math.max(elapsedUs, 1);
      this.#wantedUs[node] = wantedUs;
      const vcpus = vcpusOf[node] ?? 0;
      add(this.#demand, node, DEMAND_SMOOTHING * (Math.min(wanted, vcpus) - (this.#demand[node] ?? 0)));
      tree.demand[node] = vcpus;
    }
    tree.compute(capacity, this.#guaranteed);
    for (let i = 0; i < tree.size; i++) tree.demand[tree.nodeAt(i)] = this.#demand[tree.nodeAt(i)] ?? 0;
    tree.compute(capacity, this.#entitled);
    for (let i = 0; i < tree.size; i++) {
      const node = tree.nodeAt(i);
      this.#shownDemand[node] = Math.min(tree.demand[node] ?? 0, tree.maxOf(node));
    }
  }

  /** A group's own sums are added to every group above it. */
  #sumUp(): void {
    for (const sum of SUMS) {
      const figures = this.#now[sum];
      const own = this.#scratch;
      own.set(figures);
      for (let row = 0; row < this.#rows; row++)
        for (
          let up = this.#above(row), depth = 0;
          up >= 0 && depth < MAX_DEPTH;
          up = this.#above(up), depth++
        )
          add(figures, up, own[row] ?? 0);
    }
  }

  #above(row: number): number {
    return this.#parent[row] ?? -1;
  }

  #write(table: SchedGroupWriter, row: number, nowUs: number): void {
    table.beginWrite(row);
    table.setGeneration(row, this.rows.generation(row));
    table.setEntitled(row, this.#entitled[row] ?? 0);
    table.setGuaranteed(row, this.#guaranteed[row] ?? 0);
    table.setDemand(row, this.#shownDemand[row] ?? 0);
    table.setUsedUs(row, this.#now.usedUs[row] ?? 0);
    table.setRunUs(row, this.#now.runUs[row] ?? 0);
    table.setReadyUs(row, this.#now.readyUs[row] ?? 0);
    table.setWaitUs(row, this.#now.waitUs[row] ?? 0);
    table.setIdleUs(row, this.#now.idleUs[row] ?? 0);
    table.setSystemUs(row, this.#now.systemUs[row] ?? 0);
    table.setLimitedUs(row, this.#now.limitedUs[row] ?? 0);
    table.setCostopUs(row, this.#now.costopUs[row] ?? 0);
    table.setExtraUs(row, this.#extraUs[row] ?? 0);
    table.setTakenUs(row, nowUs);
    table.endWrite(row);
  }

  #fold(row: number): void {
    const up = this.#above(row);
    for (const sum of SUMS) {
      if (up >= 0) add(this.#past[sum], up, this.#past[sum][row] ?? 0);
      this.#past[sum][row] = 0;
    }
    for (const figures of [this.#demand, this.#wantedUs, this.#lastUsedUs, this.#extraUs]) figures[row] = 0;
  }
}

function add(figures: Float64Array, row: number, value: number): void {
  figures[row] = (figures[row] ?? 0) + value;
}
