import { describe, expect, it } from 'vitest';
import { HtSharing } from '../../abi/index.js';
import { Placement, type PlacementClaim, pullMarginUs, regularTopology, spreadOverCores } from './index.js';

const shape = { nodes: 2, packagesPerNode: 1, coresPerPackage: 2, threadsPerCore: 2 };

const world = (vm: number, over: Partial<PlacementClaim> = {}): PlacementClaim => ({
  vm,
  lastPcpu: -1,
  affinityLow: 0,
  affinityHigh: 0,
  htSharing: HtSharing.any,
  homeNode: -1,
  ...over,
});

const running = (placement: Placement, ...claims: (PlacementClaim | null)[]) => {
  claims.forEach((claim, pcpu) => {
    if (claim !== null) placement.occupy(pcpu, claim);
  });
  return claims;
};

describe('load balance', () => {
  it('pulls one of two worlds that share a core to the nearest whole idle core', () => {
    const placement = new Placement(regularTopology(shape));
    const claims = running(placement, world(1), world(2), null, null, world(3), world(4));
    expect(spreadOverCores(placement, claims)).toEqual({ from: 0, to: 2 });
  });

  it('moves nobody while each world has a core of its own', () => {
    const placement = new Placement(regularTopology(shape));
    const claims = running(placement, world(1), null, null, world(2));
    expect(spreadOverCores(placement, claims)).toBeNull();
  });

  it('moves nobody out of its home node or affinity', () => {
    const placement = new Placement(regularTopology(shape));
    const home = { homeNode: 0 };
    const bound = { affinityLow: 0b1111 };
    const claims = running(placement, world(1, home), world(2, bound), world(3, home), null);
    expect(spreadOverCores(placement, claims)).toBeNull();
  });

  it('lets worlds go to a hyper-thread of the same core freely, to another node only for much', () => {
    const topology = regularTopology(shape);
    const margins = [-1, 0, 1, 2, 4].map(last => pullMarginUs(topology, last, 0));
    expect(margins.slice(0, 3)).toEqual([0, 0, 0]);
    expect(margins).toEqual([...margins].sort((a, b) => a - b));
    expect(margins[4]).toBeGreaterThan(margins[3] ?? 0);
  });
});
