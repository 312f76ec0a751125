import { HtSharing } from '../../abi/index.js';
import { Distance, type Topology } from './topology.js';

/** What a virtual CPU that is to run says of where. */
export interface PlacementClaim {
  /** Number of its VM: vCPUs of one VM may share a core under `internal`. */
  readonly vm: number;
  /** PCPU it ran on last, -1 = none yet. */
  readonly lastPcpu: number;
  /** PCPUs 0–31 and 32–63 it may use, a bit each; both 0 = all. */
  readonly affinityLow: number;
  readonly affinityHigh: number;
  readonly htSharing: HtSharing;
  /** NUMA node it runs on, -1 = any. */
  readonly homeNode: number;
}

const IDLE = -1;
/** A whole idle core is worth any move; below that the nearest PCPU wins, then the one that delivers most. */
const BUSY_PARTNER = 100;

/** PCPUs as two words of bits; both 0 = all. */
export type Affinity = Pick<PlacementClaim, 'affinityLow' | 'affinityHigh'>;

export function inAffinity({ affinityLow, affinityHigh }: Affinity, pcpu: number): boolean {
  if (affinityLow === 0 && affinityHigh === 0) return true;
  return ((pcpu < 32 ? affinityLow : affinityHigh) & (1 << (pcpu & 31))) !== 0;
}

/**
 * Where virtual CPUs run: which PCPUs are taken, and which free one is best for a claim (reference scheduler.md 3.2:
 * a fully idle core before the idle hyper-thread of a busy one; near the last PCPU; only in the home node; htsharing).
 */
export class Placement {
  readonly #vm: Int32Array;
  readonly #sharing: Uint8Array;
  /** CPU that a PCPU delivers of the wall, 0…1: less where the console or others run. */
  readonly delivered: Float64Array;

  constructor(readonly topology: Topology) {
    this.#vm = new Int32Array(topology.size).fill(IDLE);
    this.#sharing = new Uint8Array(topology.size);
    this.delivered = new Float64Array(topology.size).fill(1);
  }

  occupy(pcpu: number, claim: PlacementClaim): void {
    this.#vm[pcpu] = claim.vm;
    this.#sharing[pcpu] = claim.htSharing;
  }

  vacate(pcpu: number): void {
    this.#vm[pcpu] = IDLE;
  }

  isIdle(pcpu: number): boolean {
    return this.#vm[pcpu] === IDLE;
  }

  partnerBusy(pcpu: number): boolean {
    for (const partner of this.topology.partnersOf[pcpu] ?? []) if (!this.isIdle(partner)) return true;
    return false;
  }

  coreIdle(pcpu: number): boolean {
    return this.isIdle(pcpu) && !this.partnerBusy(pcpu);
  }

  /** Affinity and home node let it run there at all. Affinity comes first: a VM with affinity has no home node. */
  mayEverRun(claim: PlacementClaim, pcpu: number): boolean {
    if (!inAffinity(claim, pcpu)) return false;
    return claim.homeNode < 0 || this.topology.nodeOf[pcpu] === claim.homeNode;
  }

  /** It may run there beside what runs on the core's other hyper-threads now. */
  mayRunNow(claim: PlacementClaim, pcpu: number): boolean {
    if (!this.mayEverRun(claim, pcpu)) return false;
    for (const partner of this.topology.partnersOf[pcpu] ?? [])
      if (!this.isIdle(partner) && !this.#share(claim, partner)) return false;
    return true;
  }

  #share(claim: PlacementClaim, partner: number): boolean {
    const theirs = this.#sharing[partner];
    if (claim.htSharing === HtSharing.none || theirs === HtSharing.none) return false;
    if (this.#vm[partner] === claim.vm) return true;
    return claim.htSharing === HtSharing.any && theirs === HtSharing.any;
  }

  /** @returns the best free PCPU for it, -1 when there is none */
  choose(claim: PlacementClaim): number {
    let best = -1;
    let bestCost = Number.POSITIVE_INFINITY;
    for (let pcpu = 0; pcpu < this.topology.size; pcpu++) {
      if (!this.isIdle(pcpu) || !this.mayRunNow(claim, pcpu)) continue;
      const cost = this.cost(claim, pcpu);
      if (cost >= bestCost) continue;
      best = pcpu;
      bestCost = cost;
    }
    return best;
  }

  /** What running there costs it; the less the better. */
  cost(claim: PlacementClaim, pcpu: number): number {
    const distance = claim.lastPcpu < 0 ? Distance.same : this.topology.distance(claim.lastPcpu, pcpu);
    const missing = 1 - (this.delivered[pcpu] ?? 1);
    return (this.partnerBusy(pcpu) ? BUSY_PARTNER : 0) + distance * 2 + missing;
  }
}
