import { pour } from './water-filling.js';

const NONE = -1;

/**
 * The group tree and what each node of it is entitled to, in PCPUs: water-filling per node by shares between
 * reservation and min(limit, demand), from the top down. A pool's reservation is at least what its children reserve
 * (what goes beyond its own it borrowed from its parent at admission: cpuExpandable).
 *
 * Source: reference scheduler.md 3.2. Nodes are rows of fixed tables; a computation allocates nothing.
 */
export class GroupTree {
  /** What a VM would use at present if nobody else were there, in PCPUs; written by the caller. Of pools: the sum. */
  readonly demand: Float64Array;
  readonly #present: Uint8Array;
  readonly #isVm: Uint8Array;
  readonly #parent: Int32Array;
  readonly #shares: Float64Array;
  readonly #min: Float64Array;
  readonly #max: Float64Array;
  /** Parents stand before their children. */
  readonly #order: Int32Array;
  readonly #firstChild: Int32Array;
  readonly #nextSibling: Int32Array;
  readonly #least: Float64Array;
  readonly #most: Float64Array;
  readonly #settled: Uint8Array;
  #ordered = 0;
  #firstTop = NONE;
  #moved = false;

  constructor(readonly capacity: number) {
    const figures = (): Float64Array => new Float64Array(capacity);
    this.demand = figures();
    this.#shares = figures();
    this.#min = figures();
    this.#max = figures();
    this.#least = figures();
    this.#most = figures();
    this.#present = new Uint8Array(capacity);
    this.#isVm = new Uint8Array(capacity);
    this.#settled = new Uint8Array(capacity);
    this.#parent = new Int32Array(capacity);
    this.#order = new Int32Array(capacity);
    this.#firstChild = new Int32Array(capacity);
    this.#nextSibling = new Int32Array(capacity);
  }

  has(node: number): boolean {
    return this.#present[node] === 1;
  }

  /** The parent of a node; -1 at the top. */
  parentOf(node: number): number {
    const parent = this.#parent[node] ?? NONE;
    return parent >= 0 && this.has(parent) ? parent : NONE;
  }

  /** Adds a node or moves it. @param parent -1, or a node that is not in the tree (yet): at the top */
  place(node: number, parent: number, isVm: boolean): void {
    if (this.has(node) && this.#parent[node] === parent && (this.#isVm[node] === 1) === isVm) return;
    this.#present[node] = 1;
    this.#isVm[node] = isVm ? 1 : 0;
    this.#parent[node] = parent;
    this.demand[node] = 0;
    this.#moved = true;
  }

  /** @param max Infinity = no limit */
  setClaim(node: number, shares: number, min: number, max: number): void {
    this.#shares[node] = shares;
    this.#min[node] = min;
    this.#max[node] = max;
  }

  remove(node: number): void {
    if (!this.has(node)) return;
    this.#present[node] = 0;
    this.demand[node] = 0;
    this.#moved = true;
  }

  isVm(node: number): boolean {
    return this.#isVm[node] === 1;
  }

  minOf(node: number): number {
    return this.#min[node] ?? 0;
  }

  maxOf(node: number): number {
    return this.#max[node] ?? 0;
  }

  /** Nodes of the tree, parents before their children. */
  get size(): number {
    if (this.#moved) this.#arrange();
    return this.#ordered;
  }

  nodeAt(index: number): number {
    return this.#order[index] ?? NONE;
  }

  /**
   * @param capacity PCPUs that VMs can have at all
   * @param out one figure per node
   */
  compute(capacity: number, out: Float64Array): void {
    const nodes = this.size;
    for (let i = nodes - 1; i >= 0; i--) this.#bound(this.nodeAt(i));
    this.#pourInto(this.#firstTop, capacity, out);
    for (let i = 0; i < nodes; i++) {
      const node = this.nodeAt(i);
      const child = this.#firstChild[node] ?? NONE;
      if (child !== NONE) this.#pourInto(child, out[node] ?? 0, out);
    }
  }

  /** The part of everything that shares alone give each node among those that want something, as last computed. */
  weigh(out: Float64Array): void {
    this.#divide(this.#firstTop, 1, out);
    for (let i = 0; i < this.size; i++) {
      const node = this.nodeAt(i);
      this.#divide(this.#child(node), out[node] ?? 0, out);
    }
  }

  #divide(first: number, whole: number, out: Float64Array): void {
    let shares = 0;
    for (let node = first; node !== NONE; node = this.#sibling(node))
      if ((this.demand[node] ?? 0) > 0) shares += this.#shares[node] ?? 0;
    for (let node = first; node !== NONE; node = this.#sibling(node))
      out[node] = shares > 0 ? (whole * (this.#shares[node] ?? 0)) / shares : 0;
  }

  /** What a node can take at most and is sure of at least: `least` <= `most`. */
  #bound(node: number): void {
    let reserved = 0;
    if (this.#isVm[node] === 0) {
      let wanted = 0;
      for (let child = this.#child(node); child !== NONE; child = this.#sibling(child)) {
        wanted += this.#most[child] ?? 0;
        reserved += this.#least[child] ?? 0;
      }
      this.demand[node] = wanted;
    }
    const most = Math.min(this.#max[node] ?? 0, this.demand[node] ?? 0);
    this.#most[node] = most;
    this.#least[node] = Math.min(most, Math.max(this.#min[node] ?? 0, reserved));
  }

  #pourInto(first: number, capacity: number, out: Float64Array): void {
    pour(first, this.#nextSibling, capacity, {
      weights: this.#shares,
      least: this.#least,
      most: this.#most,
      settled: this.#settled,
      out,
    });
  }

  #child(node: number): number {
    return this.#firstChild[node] ?? NONE;
  }

  #sibling(node: number): number {
    return this.#nextSibling[node] ?? NONE;
  }

  #arrange(): void {
    this.#moved = false;
    this.#firstChild.fill(NONE);
    this.#firstTop = NONE;
    for (let node = this.capacity - 1; node >= 0; node--) {
      if (!this.has(node)) continue;
      const parent = this.parentOf(node);
      if (parent === NONE) {
        this.#nextSibling[node] = this.#firstTop;
        this.#firstTop = node;
      } else {
        this.#nextSibling[node] = this.#child(parent);
        this.#firstChild[parent] = node;
      }
    }
    this.#ordered = 0;
    for (let node = this.#firstTop; node !== NONE; node = this.#sibling(node))
      this.#order[this.#ordered++] = node;
    for (let i = 0; i < this.#ordered; i++)
      for (let child = this.#child(this.nodeAt(i)); child !== NONE; child = this.#sibling(child))
        this.#order[this.#ordered++] = child;
  }
}
