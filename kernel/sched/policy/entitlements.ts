import { entitle } from './account.js';
import { AffinityFit } from './affinity-fit.js';
import type { Pcpu, VmClaim } from './entity.js';
import type { GroupTree } from './tree.js';

/** Shortest time between two computations. */
const PERIOD_US = 10_000;
/** Debt, and what was got of PCPUs that others may not use, is forgotten beyond this much of virtual time. */
const MOST_AHEAD_US = 10e6;
/** Computed again when the PCPUs together deliver this part more or less. */
const CAPACITY_MARGIN = 0.002;

/** What accounts are entitled to, and the floor of their virtual time. */
export class Entitlements<T> {
  /** Of every node of the tree, by those that want CPU now, in PCPUs. */
  readonly of: Float64Array;
  /** Virtual time of who is furthest behind of those that run or could. */
  floorUs = 0;
  readonly #fit: AffinityFit<T>;
  /** How far an account may be behind the floor, and ahead of it. */
  readonly #bound = { behindUs: 0, aheadUs: MOST_AHEAD_US };
  #computedAtUs = 0;
  /** Capacity they were computed for. */
  #sharedOut = 0;
  /** Who wants CPU has changed since. */
  #stale = false;

  constructor(private readonly tree: GroupTree) {
    this.of = new Float64Array(tree.capacity);
    this.#fit = new AffinityFit(tree);
  }

  /** Who wants CPU has changed. */
  wantsChanged(): void {
    this.#stale = true;
  }

  /** Shares, reservations, limits, affinity or the tree have changed. */
  treeChanged(): void {
    this.#stale = true;
    this.#computedAtUs = Number.NEGATIVE_INFINITY;
  }

  capacityIs(capacity: number): void {
    if (Math.abs(capacity - this.#sharedOut) > CAPACITY_MARGIN * this.#sharedOut) this.#stale = true;
  }

  /** When to compute next, µs. */
  get dueUs(): number {
    return this.#stale ? this.#computedAtUs + PERIOD_US : Number.POSITIVE_INFINITY;
  }

  /** @param creditUs of who slept; @param capacity PCPUs that VMs can have */
  compute(
    vms: readonly VmClaim<T>[],
    pcpus: readonly Pcpu<T>[],
    { nowUs, creditUs, capacity }: { nowUs: number; creditUs: number; capacity: number },
  ): void {
    this.#computedAtUs = nowUs;
    this.#stale = false;
    this.#sharedOut = capacity;
    this.#bound.behindUs = creditUs;
    for (const vm of vms) this.tree.demand[vm.node] = vm.wanting;
    this.tree.compute(capacity, this.of);
    this.#fit.fit(vms, pcpus, capacity, this.of);
    for (const vm of vms) {
      if (vm.wanting === 0) continue;
      const each = (this.of[vm.node] ?? 0) / vm.wanting;
      for (const { account } of vm.entities) entitle(account, each, this.floorUs, this.#bound);
    }
  }
}
