import type { Entity, Pcpu, VmClaim } from './entity.js';
import { burstsOf, changeLimit, gatheredAtUs, grantSpanUs, type Limit, openLimit, settle } from './limit.js';
import type { GroupTree } from './tree.js';

const NONE = -1;

/** The limit of one node of the tree. */
export interface Bucket<T> extends Limit {
  readonly isPool: boolean;
  /** VMs that it binds. */
  readonly vms: VmClaim<T>[];
  /** Their virtual CPUs that have a PCPU. */
  running: number;
  /** So many of a pool's run on while it is dry: they use less than gathers. */
  leastSlots: number;
}

/**
 * The limits of a tree: a bucket for every limited node. What a VM uses is paid from its own and from those of all
 * pools above it.
 *
 * VMs of a pool that uses its limit up share it as they would share PCPUs: a limit of 1.5 is two slots, of which one is
 * there only while tokens are, and who is furthest behind has a slot first. Tokens that gather unused (PCPUs deliver
 * less than slots could take) are slots too. A VM needs one slot for all its virtual CPUs, which run or wait together.
 */
export class Limits<T> {
  /** Buckets whose tokens are gone. */
  readonly #dry: Bucket<T>[] = [];
  readonly #buckets: (Bucket<T> | null)[];

  /** @param onTurn a bucket has run dry, or has tokens again */
  constructor(
    private readonly tree: GroupTree,
    private readonly pcpus: readonly Pcpu<T>[],
    private readonly options: { readonly quantumUs: number },
    private readonly onTurn: (bucket: Bucket<T>, nowUs: number) => void,
  ) {
    this.#buckets = new Array<Bucket<T> | null>(tree.capacity).fill(null);
  }

  /** Follows the tree: limits, and who is below them. */
  sync(vms: readonly VmClaim<T>[], nowUs: number): void {
    for (let node = 0; node < this.#buckets.length; node++) {
      const bucket = this.#buckets[node] ?? null;
      if (bucket === null) continue;
      if (!this.#isLimited(node)) this.#forget(node);
      bucket.vms.length = 0;
      bucket.running = 0;
    }
    for (const vm of vms) this.link(vm, nowUs);
  }

  /** Finds the limits of a VM that is new or moved. */
  link(vm: VmClaim<T>, nowUs: number): void {
    vm.limits.length = 0;
    for (let node = vm.node; node !== NONE; node = this.tree.parentOf(node)) {
      if (!this.#isLimited(node)) continue;
      const bucket = this.#open(node, node !== vm.node, nowUs);
      vm.limits.push(bucket);
      bucket.vms.push(vm);
      bucket.running += vm.running;
    }
  }

  /** The last virtual CPU of a VM is gone. */
  unlink(vm: VmClaim<T>): void {
    for (const { vms } of vm.limits) drop(vms, vm);
    this.#forget(vm.node);
    vm.limits.length = 0;
  }

  #forget(node: number): void {
    const bucket = this.#buckets[node] ?? null;
    if (bucket !== null) drop(this.#dry, bucket);
    this.#buckets[node] = null;
  }

  /** Pays for what a VM used. */
  settle(vm: VmClaim<T>, usedUs: number, nowUs: number): void {
    for (const bucket of vm.limits) this.#settleOne(bucket, usedUs, nowUs);
  }

  #settleOne(bucket: Bucket<T>, usedUs: number, nowUs: number): void {
    const wasDry = bucket.dry;
    settle(bucket, usedUs, nowUs, this.options.quantumUs);
    if (bucket.dry === wasDry) return;
    if (wasDry) drop(this.#dry, bucket);
    else this.#runDry(bucket, nowUs);
    this.onTurn(bucket, nowUs);
  }

  /** What has run dry has tokens again when enough has gathered; what its VMs overran is paid first. */
  gather(charge: (entity: Entity<T>, nowUs: number) => void, nowUs: number): void {
    for (let i = this.#dry.length - 1; i >= 0; i--) {
      const bucket = this.#dry[i];
      if (bucket === undefined || this.#gatheredAtUs(bucket) > nowUs) continue;
      for (const vm of bucket.vms)
        for (const entity of vm.entities)
          if (!bucket.isPool || entity.mayOwe || entity.on !== null) charge(entity, nowUs);
      this.#settleOne(bucket, 0, nowUs);
    }
  }

  /** It has got a PCPU, or lost one. */
  count({ vm }: Entity<T>, change: 1 | -1): void {
    vm.running += change;
    for (const bucket of vm.limits) bucket.running += change;
  }

  /** Whether its limits let it have a PCPU, in place of who has it. */
  permit(entity: Entity<T>, { run }: Pcpu<T>): boolean {
    for (const bucket of entity.vm.limits) {
      if (!bucket.isPool) {
        if (bucket.dry) return false;
        continue;
      }
      let others = bucket.running - this.#own(bucket, entity);
      if (run !== null && run !== entity && this.#counts(bucket, run, entity)) others--;
      if (others >= this.#slots(bucket)) return false;
    }
    return true;
  }

  /** Whether its limits let it keep its PCPU: in pools slots go to those who are furthest behind. */
  mayKeep(entity: Entity<T>): boolean {
    for (const bucket of entity.vm.limits) {
      if (!bucket.isPool && bucket.dry) return false;
      const slots = bucket.isPool ? this.#slots(bucket) : Number.POSITIVE_INFINITY;
      if (bucket.running - this.#own(bucket, entity) < slots) continue;
      if (this.#ahead(bucket, entity) >= slots) return false;
    }
    return true;
  }

  /** How long a grant may last. */
  spanUs({ vm }: Entity<T>): number {
    const { quantumUs } = this.options;
    let spanUs = quantumUs;
    for (const bucket of vm.limits) {
      const running = Math.max(1, bucket.isPool ? bucket.running : vm.wanting);
      // Those that go on while it is dry are not bound by its tokens.
      if (bucket.dry && bucket.leastSlots > 0) continue;
      spanUs = Math.min(spanUs, grantSpanUs(bucket, running, quantumUs));
    }
    return spanUs;
  }

  /** When the next dry bucket has tokens again, µs. */
  nextUs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const bucket of this.#dry) next = Math.min(next, this.#gatheredAtUs(bucket));
    return next;
  }

  #gatheredAtUs(bucket: Bucket<T>): number {
    const rate = bucket.max - Math.min(bucket.running, bucket.leastSlots);
    return gatheredAtUs(bucket, rate, this.options.quantumUs);
  }

  /** Those that run are looked at at once. */
  #runDry(bucket: Bucket<T>, nowUs: number): void {
    this.#dry.push(bucket);
    for (const pcpu of this.pcpus)
      if (pcpu.run?.vm.limits.includes(bucket) === true) pcpu.endUs = Math.min(pcpu.endUs, nowUs);
  }

  /** A pool that may use every PCPU is not limited. */
  #isLimited(node: number): boolean {
    if (!this.tree.has(node)) return false;
    const max = this.tree.maxOf(node);
    return max !== Number.POSITIVE_INFINITY && (this.tree.isVm(node) || max < this.pcpus.length);
  }

  #open(node: number, isPool: boolean, nowUs: number): Bucket<T> {
    const max = this.tree.maxOf(node);
    const leastSlots = isPool ? Math.max(0, Math.ceil(max) - 1) : 0;
    const known = this.#buckets[node] ?? null;
    if (known !== null) {
      changeLimit(known, max, nowUs);
      known.leastSlots = leastSlots;
      return known;
    }
    const bucket = { ...openLimit(max, nowUs), isPool, vms: [], running: 0, leastSlots };
    this.#buckets[node] = bucket;
    return bucket;
  }

  #slots(bucket: Bucket<T>): number {
    if (bucket.dry) return bucket.leastSlots;
    return bucket.leastSlots + Math.max(1, burstsOf(bucket, this.options.quantumUs));
  }

  /** Of a bucket's running, those that take no slot from an entity: itself, and its siblings while there are tokens. */
  #own(bucket: Bucket<T>, { vm, on }: Entity<T>): number {
    if (!bucket.dry) return vm.running;
    return on === null ? 0 : 1;
  }

  #counts(bucket: Bucket<T>, run: Entity<T>, entity: Entity<T>): boolean {
    return (bucket.dry || run.vm !== entity.vm) && run.vm.limits.includes(bucket);
  }

  /** How many of a bucket's running are further behind than an entity that runs. */
  #ahead(bucket: Bucket<T>, entity: Entity<T>): number {
    let ahead = 0;
    for (const { run } of this.pcpus) {
      if (run === null || run === entity || !this.#counts(bucket, run, entity)) continue;
      const lag = run.account.virtualUs - entity.account.virtualUs;
      if (lag < 0 || (lag === 0 && (run.on?.number ?? 0) < (entity.on?.number ?? 0))) ahead++;
    }
    return ahead;
  }
}

function drop<X>(list: X[], item: X): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}
