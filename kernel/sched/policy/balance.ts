import type { Placement, PlacementClaim } from './placement.js';
import { Distance, type Topology } from './topology.js';

/** A running world that leaves a shared core for a whole idle one. */
export interface Spread {
  readonly from: number;
  readonly to: number;
}

/** Virtual time that a PCPU's own world may be behind another before the other is taken from where its cache is, µs. */
const MARGINS_US: Readonly<Record<Distance, number>> = {
  [Distance.same]: 0,
  [Distance.core]: 0,
  [Distance.package]: 500,
  [Distance.node]: 500,
  [Distance.remote]: 2000,
};

/** What a world pays, in virtual time, to be pulled to another PCPU: the topology order of load balance. */
export function pullMarginUs(topology: Topology, lastPcpu: number, pcpu: number): number {
  return lastPcpu < 0 ? 0 : MARGINS_US[topology.distance(lastPcpu, pcpu)];
}

/**
 * Pull on idle across hyper-threads: while a core is wholly idle and another runs two worlds, the nearest of those that
 * may move does. Asked when a PCPU stays idle, and periodically.
 * @param running what runs on each PCPU, null = nothing
 */
export function spreadOverCores(
  placement: Placement,
  running: readonly (PlacementClaim | null)[],
): Spread | null {
  const { topology } = placement;
  for (let to = 0; to < topology.size; to++) {
    if (!placement.coreIdle(to)) continue;
    let best = -1;
    let nearest: number = Number.POSITIVE_INFINITY;
    for (let from = 0; from < topology.size; from++) {
      const claim = running[from] ?? null;
      if (claim === null || !placement.partnerBusy(from) || !placement.mayRunNow(claim, to)) continue;
      const distance = topology.distance(from, to);
      if (distance >= nearest) continue;
      best = from;
      nearest = distance;
    }
    if (best >= 0) return { from: best, to };
  }
  return null;
}
