import { describe, expect, it } from 'vitest';
import { GroupTree } from './index.js';

interface Node {
  readonly parent?: number;
  readonly shares?: number;
  readonly min?: number;
  readonly max?: number;
  /** Of a VM, in PCPUs; a pool has none. */
  readonly demand?: number;
}

function entitled(nodes: readonly Node[], capacity = 1): number[] {
  const tree = new GroupTree(nodes.length);
  nodes.forEach(({ parent = -1, demand }, i) => {
    tree.place(i, parent, demand !== undefined);
  });
  nodes.forEach(({ shares = 1000, min = 0, max = Number.POSITIVE_INFINITY, demand = 0 }, i) => {
    tree.setClaim(i, shares, min, max);
    tree.demand[i] = demand;
  });
  const out = new Float64Array(nodes.length);
  tree.compute(capacity, out);
  return [...out].map(x => Math.round(x * 1000));
}

const vm = (shares: number, min = 0, max?: number, demand = 1): Node => ({
  shares,
  min,
  demand,
  ...(max === undefined ? {} : { max }),
});

describe('entitlement over the group tree (vectors of scheduler.md 3.2, one PCPU = 1000 MHz)', () => {
  it('V1 follows shares', () => expect(entitled([vm(2000), vm(1000)])).toEqual([667, 333]));

  it('V2 serves a reservation first', () => expect(entitled([vm(2000), vm(1000, 0.5)])).toEqual([500, 500]));

  it('V3 gives what a limit leaves to the others', () =>
    expect(entitled([vm(1000, 0, 0.2), vm(1000), vm(1000)])).toEqual([200, 400, 400]));

  it('V4 shares between pools before it shares within them', () => {
    const nodes: Node[] = [
      { shares: 4000 },
      { shares: 4000 },
      { ...vm(1000), parent: 0 },
      { ...vm(1000), parent: 1 },
      { ...vm(1000), parent: 1 },
      { ...vm(1000), parent: 1 },
    ];
    expect(entitled(nodes)).toEqual([500, 500, 500, 167, 167, 167]);
  });

  it('V5 lends an idle reservation', () =>
    expect(entitled([vm(1000, 0.8, undefined, 0.1), vm(1000)])).toEqual([100, 900]));

  it('V6 gives an SMP VM what its two virtual CPUs can use', () =>
    expect(entitled([vm(2000, 0, undefined, 2), vm(1000)], 2)).toEqual([1333, 667]));

  it('V10 holds a limit on an idle host', () => expect(entitled([vm(1000, 0, 0.25)])).toEqual([250]));

  it('never gives a VM more than it can use', () =>
    expect(entitled([vm(100_000), vm(1)], 2)).toEqual([1000, 1000]));

  it('holds the limit of a pool against the sum of its VMs, and a reservation deep below', () => {
    const nodes: Node[] = [
      { shares: 4000, max: 0.4 },
      { shares: 4000, parent: 0 },
      { ...vm(1000, 0.3), parent: 1 },
      { ...vm(8000), parent: 1 },
      vm(1000),
    ];
    expect(entitled(nodes)).toEqual([400, 400, 300, 100, 600]);
  });

  it('lets a pool without a reservation of its own borrow from above what its VM reserves', () =>
    expect(entitled([{ shares: 1 }, { ...vm(1000, 0.7), parent: 0 }, vm(9999)])).toEqual([700, 700, 300]));

  it('gives a pool no more than its VMs want', () =>
    expect(
      entitled([{ shares: 9000, min: 0.9 }, { ...vm(1000, 0, undefined, 0.2), parent: 0 }, vm(1)]),
    ).toEqual([200, 200, 800]));

  it('shrinks reservations together where the machine delivers less than they are', () =>
    expect(entitled([vm(1, 0.6), vm(9, 0.2)], 0.4)).toEqual([300, 100]));

  it('copes with zero shares, no VMs, and nothing at all', () => {
    expect(entitled([vm(0), vm(1000)])).toEqual([0, 1000]);
    expect(entitled([{ shares: 1000, min: 0.5 }])).toEqual([0]);
    expect(entitled([])).toEqual([]);
  });

  it('shares out exactly what there is among 192 VMs in pools three deep', () => {
    const nodes: Node[] = [];
    for (let pool = 0; pool < 8; pool++) {
      const top = nodes.length;
      nodes.push({ shares: 1000 * (pool + 1), ...(pool === 3 ? { max: 1.5 } : {}) });
      nodes.push({ shares: 500, parent: top }, { shares: 700, parent: top + 1 });
      for (let i = 0; i < 24; i++)
        nodes.push({ ...vm(1 + ((i * 977) % 5000), i % 5 === 0 ? 0.05 : 0), parent: top + 2 });
    }
    const got = entitled(nodes, 16);
    const vms = got.filter((_, i) => nodes[i]?.demand !== undefined).reduce((a, b) => a + b, 0);
    expect(Math.abs(vms - 16_000)).toBeLessThan(100);
    nodes.forEach(({ min = 0, max = 1e9 }, i) => {
      expect(got[i]).toBeGreaterThanOrEqual(min * 1000 - 1);
      expect(got[i]).toBeLessThanOrEqual(max * 1000 + 1);
    });
  });

  it('follows nodes that move and go', () => {
    const tree = new GroupTree(4);
    const out = new Float64Array(4);
    const compute = (): number[] => {
      tree.compute(1, out);
      return [...out].map(x => Math.round(x * 100));
    };
    tree.place(0, -1, false);
    tree.place(1, 0, true);
    tree.place(2, -1, true);
    for (const node of [0, 1, 2]) {
      tree.setClaim(node, 1000, 0, Number.POSITIVE_INFINITY);
      tree.demand[node] = 1;
    }
    expect(compute().slice(0, 3)).toEqual([50, 50, 50]);
    tree.place(2, 0, true);
    tree.demand[2] = 1;
    expect(compute().slice(0, 3)).toEqual([100, 50, 50]);
    tree.remove(1);
    expect(compute()[2]).toBe(100);
  });
});
