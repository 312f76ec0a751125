import type { Pcpu, VmClaim } from './entity.js';
import type { GroupTree } from './tree.js';
import { pour } from './water-filling.js';

const NONE = -1;
const MAX_SETS = 16;
const ROUNDS = 3;
const TOLERANCE = 1e-9;

/**
 * Entitlement that affinity allows: what VMs are entitled to on a set of PCPUs is no more than the set has; the rest
 * goes to those who can run elsewhere. What a set has is shared out by the part of the host that shares alone give each,
 * never more than the tree did. Looks at every affinity set in use (the first 16), not at their unions.
 */
export class AffinityFit<T> {
  readonly #low = new Int32Array(MAX_SETS);
  readonly #high = new Int32Array(MAX_SETS);
  readonly #next: Int32Array;
  readonly #weights: Float64Array;
  readonly #least: Float64Array;
  readonly #most: Float64Array;
  readonly #settled: Uint8Array;
  #sets = 0;

  constructor(private readonly tree: GroupTree) {
    this.#next = new Int32Array(tree.capacity);
    this.#weights = new Float64Array(tree.capacity);
    this.#least = new Float64Array(tree.capacity);
    this.#most = new Float64Array(tree.capacity);
    this.#settled = new Uint8Array(tree.capacity);
  }

  /** @param entitled as the tree computed it; computed again where it does not fit */
  fit(vms: readonly VmClaim<T>[], pcpus: readonly Pcpu<T>[], capacity: number, entitled: Float64Array): void {
    this.#collect(vms);
    if (this.#sets > 0) this.tree.weigh(this.#weights);
    for (let round = 0; round < ROUNDS; round++) {
      let changed = false;
      for (let set = 0; set < this.#sets; set++) {
        if (!this.#lower(set, vms, pcpus, entitled)) continue;
        this.tree.compute(capacity, entitled);
        changed = true;
      }
      if (!changed) return;
    }
  }

  #collect(vms: readonly VmClaim<T>[]): void {
    this.#sets = 0;
    for (const { affinityLow, affinityHigh, wanting } of vms) {
      if ((affinityLow === 0 && affinityHigh === 0) || wanting === 0 || this.#sets === MAX_SETS) continue;
      let known = false;
      for (let set = 0; set < this.#sets; set++)
        known ||= this.#low[set] === affinityLow && this.#high[set] === affinityHigh;
      if (known) continue;
      this.#low[this.#sets] = affinityLow;
      this.#high[this.#sets] = affinityHigh;
      this.#sets++;
    }
  }

  /** Lowers the demand of the VMs confined to a set to what it has. @returns whether that was needed */
  #lower(
    set: number,
    vms: readonly VmClaim<T>[],
    pcpus: readonly Pcpu<T>[],
    entitled: Float64Array,
  ): boolean {
    let first = NONE;
    let wanted = 0;
    for (const vm of vms) {
      if (vm.wanting === 0 || !this.#confines(set, vm)) continue;
      const got = entitled[vm.node] ?? 0;
      wanted += got;
      this.#most[vm.node] = got;
      this.#least[vm.node] = Math.min(this.tree.minOf(vm.node), got);
      this.#next[vm.node] = first;
      first = vm.node;
    }
    let capacity = 0;
    for (const pcpu of pcpus) if (this.#has(set, pcpu.number)) capacity += pcpu.delivered;
    if (wanted <= capacity + TOLERANCE) return false;
    pour(first, this.#next, capacity, {
      weights: this.#weights,
      least: this.#least,
      most: this.#most,
      settled: this.#settled,
      out: this.tree.demand,
    });
    return true;
  }

  #confines(set: number, vm: VmClaim<T>): boolean {
    if (vm.affinityLow === 0 && vm.affinityHigh === 0) return false;
    const low = this.#low[set] ?? 0;
    const high = this.#high[set] ?? 0;
    return (vm.affinityLow & ~low) === 0 && (vm.affinityHigh & ~high) === 0;
  }

  #has(set: number, pcpu: number): boolean {
    const word = (pcpu < 32 ? this.#low[set] : this.#high[set]) ?? 0;
    return ((word >>> (pcpu & 31)) & 1) !== 0;
  }
}
