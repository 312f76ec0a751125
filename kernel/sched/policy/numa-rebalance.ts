import type { NumaNode, NumaNodes, NumaVm } from './numa.js';

/** One VM changes its home, or two change places. */
export interface NumaMove {
  readonly vm: NumaVm;
  readonly to: number;
  /** Moves the other way at the same time. */
  readonly swappedWith: NumaVm | null;
}

/** Moves of one look; more wait for the next. */
const MOST_MOVES = 8;
/** Moves go on until the imbalance is this part of the threshold. */
const BALANCED = 0.5;
/** A move must bring the nodes at least this much closer, in parts of a node. */
const LEAST_GAIN = 1e-6;
/** Pairs of VMs that are tried for a swap. */
const MOST_PAIRS = 4096;

/** Looks at the nodes every `rebalancePeriodMs` and brings pages home meanwhile. */
export class NumaRebalancer {
  #lookedAtUs = 0;
  #broughtAtUs = 0;

  constructor(private readonly numa: NumaNodes) {}

  /** @returns when to call again, µs */
  get nextUs(): number {
    return this.#lookedAtUs + this.numa.options.rebalancePeriodMs * 1000;
  }

  /** Loads must have been told to the VMs before. */
  rebalance(nowUs: number): NumaMove[] {
    const { active, options } = this.numa;
    const moves: NumaMove[] = [];
    if (!active || !options.rebalanceEnable || nowUs < this.nextUs) return moves;
    this.#lookedAtUs = nowUs;
    let goal = options.migImbalanceThresholdPercent;
    while (moves.length < MOST_MOVES && this.numa.imbalancePercent >= goal) {
      const move = this.#move();
      if (move === null) break;
      moves.push(move);
      goal = options.migImbalanceThresholdPercent * BALANCED;
    }
    return moves;
  }

  #move(): NumaMove | null {
    const byLoad = [...this.numa.nodes].sort((a, b) => a.load - b.load);
    const from = byLoad.at(-1);
    const to = byLoad[0];
    if (from === undefined || to === undefined) return null;
    const move = bestMove(from, to);
    if (move === null) return null;
    this.numa.move(move.vm, to);
    if (move.swappedWith !== null) this.numa.move(move.swappedWith, from);
    return move;
  }

  /** Page migration of all VMs since the last call. Whole pages move; what is left of one is carried. */
  bringPagesHome(vms: Iterable<NumaVm>, nowUs: number): void {
    const { pageMigEnable, pageMigRate } = this.numa.options;
    const pages = Math.floor(((nowUs - this.#broughtAtUs) * pageMigRate) / 1e6);
    if (pages <= 0) return;
    this.#broughtAtUs += (pages / pageMigRate) * 1e6;
    if (pageMigEnable) for (const vm of vms) this.numa.bringHome(vm, pages);
  }
}

function bestMove(from: NumaNode, to: NumaNode): NumaMove | null {
  const before = from.load - to.load;
  let best: NumaMove | null = null;
  let left = before - LEAST_GAIN;
  const swaps = from.vms.size * to.vms.size <= MOST_PAIRS;
  const consider = (vm: NumaVm, other: NumaVm | null): void => {
    const moved = vm.load - (other?.load ?? 0);
    const after = Math.abs(before - moved / from.cores - moved / to.cores);
    if (moved <= 0 || after >= left) return;
    left = after;
    best = { vm, to: to.number, swappedWith: other };
  };
  for (const vm of from.vms) {
    if (roomFor(vm, to, null)) consider(vm, null);
    if (!swaps) continue;
    for (const other of to.vms) if (roomFor(vm, to, other) && roomFor(other, from, vm)) consider(vm, other);
  }
  return best;
}

/** Its memory must have room to come after it. */
function roomFor(vm: NumaVm, node: NumaNode, leaving: NumaVm | null): boolean {
  const coming = vm.totalPages - (vm.pagesOn[node.number] ?? 0);
  return coming <= node.freePages + (leaving?.pagesOn[node.number] ?? 0);
}
