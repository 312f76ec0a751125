import { describe, expect, it } from 'vitest';
import { HtSharing } from '../../abi/index.js';
import { Distance, Placement, type PlacementClaim, regularTopology } from './index.js';

const twoPackagesHt = { nodes: 1, packagesPerNode: 2, coresPerPackage: 1, threadsPerCore: 2 };
const twoNodes = { nodes: 2, packagesPerNode: 1, coresPerPackage: 4, threadsPerCore: 2 };

const claim = (vm: number, over: Partial<PlacementClaim> = {}): PlacementClaim => ({
  vm,
  lastPcpu: -1,
  affinityLow: 0,
  affinityHigh: 0,
  htSharing: HtSharing.any,
  homeNode: -1,
  ...over,
});

const placed = (placement: Placement, one: PlacementClaim): number => {
  const pcpu = placement.choose(one);
  if (pcpu >= 0) placement.occupy(pcpu, one);
  return pcpu;
};

describe('topology', () => {
  it('numbers hyper-threads of one core adjacently', () => {
    const topology = regularTopology(twoNodes);
    expect([...topology.coreOf]).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]);
    expect(topology.partnersOf[5]).toEqual([4]);
    expect([topology.nodes, topology.cores, topology.coresOfNode(1)]).toEqual([2, 8, 4]);
  });

  it('orders distance: hyper-thread, package, node, remote', () => {
    const topology = regularTopology({ nodes: 2, packagesPerNode: 2, coresPerPackage: 2, threadsPerCore: 2 });
    const from = (to: number) => topology.distance(0, to);
    expect([0, 1, 2, 4, 8].map(from)).toEqual([
      Distance.same,
      Distance.core,
      Distance.package,
      Distance.node,
      Distance.remote,
    ]);
  });
});

describe('placement', () => {
  it('V7 puts two busy worlds on LCPU 0 and 2, never on 0 and 1, and fills siblings only then', () => {
    const placement = new Placement(regularTopology(twoPackagesHt));
    expect([1, 2, 3, 4, 5].map(vm => placed(placement, claim(vm)))).toEqual([0, 2, 1, 3, -1]);
  });

  it('leaves a busy core for a whole idle one, though its last PCPU is free', () => {
    const placement = new Placement(regularTopology(twoPackagesHt));
    placement.occupy(0, claim(1));
    expect(placement.choose(claim(2, { lastPcpu: 1 }))).toBe(2);
  });

  it('goes back to the last PCPU, else near it', () => {
    const placement = new Placement(
      regularTopology({ nodes: 2, packagesPerNode: 1, coresPerPackage: 2, threadsPerCore: 1 }),
    );
    expect(placement.choose(claim(1, { lastPcpu: 3 }))).toBe(3);
    placement.occupy(3, claim(9));
    expect(placement.choose(claim(1, { lastPcpu: 3 }))).toBe(2);
    placement.occupy(2, claim(9));
    expect(placement.choose(claim(1, { lastPcpu: 3 }))).toBe(0);
  });

  it('prefers, of PCPUs equally far, the one that delivers most', () => {
    const placement = new Placement(
      regularTopology({ nodes: 1, packagesPerNode: 1, coresPerPackage: 3, threadsPerCore: 1 }),
    );
    placement.delivered[0] = 0.6;
    placement.delivered[1] = 0.9;
    expect(placement.choose(claim(1))).toBe(2);
  });

  it('runs only in the home node', () => {
    const placement = new Placement(regularTopology(twoNodes));
    for (let vm = 0; vm < 8; vm++)
      expect(placed(placement, claim(vm, { homeNode: 1 }))).toBeGreaterThanOrEqual(8);
    expect(placed(placement, claim(9, { homeNode: 1 }))).toBe(-1);
  });

  it('honours affinity below and above PCPU 31', () => {
    const placement = new Placement(
      regularTopology({ nodes: 1, packagesPerNode: 8, coresPerPackage: 8, threadsPerCore: 1 }),
    );
    expect(placed(placement, claim(1, { affinityLow: 1 << 31 }))).toBe(31);
    expect(placed(placement, claim(1, { affinityLow: 1 << 31 }))).toBe(-1);
    expect(placed(placement, claim(1, { affinityHigh: 0b1000 }))).toBe(35);
  });

  it('htsharing none keeps the whole core, whoever came first', () => {
    const placement = new Placement(regularTopology(twoPackagesHt));
    expect(placed(placement, claim(1, { htSharing: HtSharing.none }))).toBe(0);
    expect(placed(placement, claim(2))).toBe(2);
    expect(placed(placement, claim(3))).toBe(3);
    expect(placed(placement, claim(4))).toBe(-1);
    placement.vacate(2);
    expect(placed(placement, claim(5, { htSharing: HtSharing.none }))).toBe(-1);
  });

  it('htsharing internal shares a core within its own VM alone', () => {
    const internal = { htSharing: HtSharing.internal };
    const placement = new Placement(regularTopology({ ...twoPackagesHt, packagesPerNode: 1 }));
    expect(placed(placement, claim(1, internal))).toBe(0);
    expect(placed(placement, claim(2))).toBe(-1);
    expect(placed(placement, claim(2, internal))).toBe(-1);
    expect(placed(placement, claim(1, internal))).toBe(1);
  });
});
