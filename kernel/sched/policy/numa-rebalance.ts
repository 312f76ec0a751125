import type { NumaNode, NumaNodes, NumaVm } from './numa.js';

/** One VM changes its home, or two change places. */
export interface NumaMove {
  readonly vm: NumaVm;
  readonly to: number;
  /** Moves the other way at the same time. */
  readonly swappedWith: NumaVm | null;
}

/** Moves whose gain is below this part of the imbalance are not worth the remote memory they make. */
const WORTH = 0.1;

/** Looks at the nodes every `rebalancePeriodMs` and brings pages home meanwhile. */
export class NumaRebalancer {
  #lookedAtUs = 0;
  #broughtAtUs = 0;

  constructor(private readonly numa: NumaNodes) {}

  /** @returns when to call again, µs */
  get nextUs(): number {
    return this.#lookedAtUs + this.numa.options.rebalancePeriodMs * 1000;
  }

  /** At most one move a period. Loads must have been told to the VMs before. */
  rebalance(nowUs: number): NumaMove | null {
    if (!this.numa.active || !this.numa.options.rebalanceEnable || nowUs < this.nextUs) return null;
    this.#lookedAtUs = nowUs;
    if (this.numa.imbalancePercent < this.numa.options.migImbalanceThresholdPercent) return null;
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
  let left = before * (1 - WORTH);
  const consider = (vm: NumaVm, other: NumaVm | null): void => {
    const moved = vm.load - (other?.load ?? 0);
    const after = Math.abs(before - moved / from.cores - moved / to.cores);
    if (moved <= 0 || after >= left) return;
    left = after;
    best = { vm, to: to.number, swappedWith: other };
  };
  for (const vm of from.vms) {
    if (roomFor(vm, to, null)) consider(vm, null);
    for (const other of to.vms) if (roomFor(vm, to, other) && roomFor(other, from, vm)) consider(vm, other);
  }
  return best;
}

/** Its memory must have room to come after it. */
function roomFor(vm: NumaVm, node: NumaNode, leaving: NumaVm | null): boolean {
  const coming = vm.totalPages - (vm.pagesOn[node.number] ?? 0);
  return coming <= node.freePages + (leaving?.pagesOn[node.number] ?? 0);
}
