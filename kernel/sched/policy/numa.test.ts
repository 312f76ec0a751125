import { describe, expect, it } from 'vitest';
import { NUMA_DEFAULTS, NumaNodes, type NumaOptions, NumaRebalancer, regularTopology } from './index.js';

const PAGES = 1_000_000;
const two = regularTopology({ nodes: 2, packagesPerNode: 1, coresPerPackage: 4, threadsPerCore: 1 });
const nodes = (options: Partial<NumaOptions> = {}) =>
  new NumaNodes(two, PAGES, { ...NUMA_DEFAULTS, ...options });
const vm = (vcpus = 1, pages = 1000, affinity = false) => ({ vcpus, pages, affinity });

/** Numbers below `limit` that are the same in every run. */
function sequence(seed: number): (limit: number) => number {
  let state = seed;
  return limit => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

describe('NUMA home nodes', () => {
  it('gives every VM a home, balancing CPU and memory', () => {
    const numa = nodes();
    const homes = Array.from({ length: 8 }, () => numa.powerOn(vm()).home);
    expect(homes.filter(home => home === 0).length).toBe(4);
    const memory = nodes();
    memory.powerOn(vm(1, 500_000));
    expect(memory.powerOn(vm(1, 1000)).home).toBe(1);
    expect(memory.powerOn(vm(1, 1000)).home).toBe(1);
  });

  it.each([
    [{ nodes: 2, packagesPerNode: 1, coresPerPackage: 2, threadsPerCore: 1 }, true],
    [{ nodes: 4, packagesPerNode: 1, coresPerPackage: 1, threadsPerCore: 2 }, false],
    [{ nodes: 2, packagesPerNode: 1, coresPerPackage: 1, threadsPerCore: 2 }, false],
    [{ nodes: 1, packagesPerNode: 1, coresPerPackage: 8, threadsPerCore: 1 }, false],
  ])('is active only with 4 cores in all and 2 on each of several nodes (%j: %s)', (shape, active) => {
    const numa = new NumaNodes(regularTopology(shape), PAGES);
    expect(numa.active).toBe(active);
    expect(numa.powerOn(vm()).home >= 0).toBe(active);
  });

  it('leaves VMs with affinity, and VMs wider than a node, alone', () => {
    const numa = nodes();
    expect(numa.powerOn(vm(1, 1000, true)).home).toBe(-1);
    expect(numa.powerOn(vm(5)).home).toBe(-1);
    expect(numa.powerOn(vm(4)).home).toBeGreaterThanOrEqual(0);
  });

  it('takes new pages from the home node while it has room', () => {
    const numa = nodes();
    const one = numa.powerOn(vm(1, PAGES + 10));
    expect(numa.touch(one, PAGES + 10)).toBe(PAGES + 10);
    expect([one.localPages, one.remotePages]).toEqual([PAGES, 10]);
    expect(numa.touch(one, 2 * PAGES)).toBe(PAGES - 10);
    numa.powerOff(one);
    expect(numa.nodes.map(node => node.usedPages)).toEqual([0, 0]);
  });
});

describe('NUMA rebalance', () => {
  it('moves nobody while the imbalance is below 10 %', () => {
    const numa = nodes();
    const vms = Array.from({ length: 8 }, () => numa.powerOn(vm()));
    vms.forEach(one => {
      one.load = one.home === 0 ? 0.5 : 0.41;
    });
    expect(numa.imbalancePercent).toBeCloseTo(9);
    const rebalancer = new NumaRebalancer(numa);
    for (let s = 2; s < 100; s += 2) expect(rebalancer.rebalance(s * 1e6)).toEqual([]);
  });

  it('looks once in 2000 ms', () => {
    const numa = nodes();
    const vms = Array.from({ length: 8 }, () => numa.powerOn(vm()));
    for (const one of vms) one.load = one.home === 0 ? 1 : 0;
    const rebalancer = new NumaRebalancer(numa);
    expect(rebalancer.rebalance(1_999_999)).toEqual([]);
    expect(rebalancer.rebalance(2_000_000).length).toBe(2);
    expect(numa.imbalancePercent).toBe(0);
    for (const one of vms) one.load = one.home === 0 ? 1 : 0;
    expect(rebalancer.rebalance(3_999_999)).toEqual([]);
    expect(rebalancer.rebalance(4_000_000).length).toBeGreaterThan(0);
  });

  it('swaps two VMs where moving one would only turn the imbalance round', () => {
    const numa = nodes();
    const placed = [
      [0, 3],
      [0, 2],
      [1, 2.2],
      [1, 0.6],
      [1, 0.6],
    ].map(([home = 0, load = 0]) => {
      const one = numa.powerOn(vm(4));
      numa.move(one, numa.nodes[home] ?? expect.fail());
      one.load = load;
      return one;
    });
    expect(numa.imbalancePercent).toBeCloseTo(40);
    const moves = new NumaRebalancer(numa).rebalance(2e6);
    expect(moves).toEqual([{ vm: placed[0], to: 1, swappedWith: placed[2] }]);
    expect(numa.imbalancePercent).toBeCloseTo(0);
  });

  it('brings 25 pages a second home, and none when page migration is off', () => {
    for (const pageMigEnable of [true, false]) {
      const numa = nodes({ pageMigEnable });
      const one = numa.powerOn(vm());
      numa.touch(one, 1000);
      numa.move(one, numa.nodes[1 - one.home] ?? expect.fail());
      const rebalancer = new NumaRebalancer(numa);
      for (let ms = 0; ms <= 10_000; ms += 7) rebalancer.bringPagesHome([one], ms * 1000);
      expect(one.remotePages).toBe(pageMigEnable ? 1000 - 249 : 1000);
      expect(one.localPercent).toBeCloseTo(pageMigEnable ? 24.9 : 0);
    }
  });

  it('in any mix keeps every managed VM at one home, loses no page, and never makes the imbalance worse', () => {
    for (let seed = 1; seed <= 8; seed++) {
      const random = sequence(seed);
      const numa = nodes();
      const rebalancer = new NumaRebalancer(numa);
      const vms = Array.from({ length: 12 }, () => {
        const one = numa.powerOn(vm(1 + random(4), 1000 + random(50_000)));
        numa.touch(one, one.shape.pages);
        return one;
      });
      const pages = vms.map(one => one.totalPages);
      for (let second = 2; second < 40; second += 2) {
        for (const one of vms) one.load = (random(100) / 100) * one.shape.vcpus;
        const before = numa.imbalancePercent;
        const moves = rebalancer.rebalance(second * 1e6);
        if (moves.length === 0) expect(numa.imbalancePercent).toBe(before);
        else expect(numa.imbalancePercent).toBeLessThan(before);
        rebalancer.bringPagesHome(vms, second * 1e6);
        for (const one of vms)
          expect(numa.nodes.filter(node => node.vms.has(one))).toEqual([numa.nodes[one.home]]);
      }
      expect(vms.map(one => one.totalPages)).toEqual(pages);
    }
  });
});
