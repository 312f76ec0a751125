import { afterEach, beforeEach, expect, it } from 'vitest';
import { VmkernelError } from '../../abi/index.js';
import type { Pools } from './index.js';
import { FREE, PoolHost } from './testing/pool-host.js';

let host: PoolHost;
beforeEach(() => {
  host = new PoolHost();
});
afterEach(() => host.stop());

/** A sequence that is the same at every run. */
class Dice {
  constructor(private state: number) {}

  below(bound: number): number {
    this.state = (Math.imul(this.state, 1103515245) + 12345) & 0x7fffffff;
    return (this.state >> 8) % bound;
  }

  oneOf<T>(list: readonly T[]): T {
    const found = list[this.below(list.length)];
    if (found === undefined) throw new RangeError('nothing to choose from');
    return found;
  }
}

const VMS = 12;

function change(pools: Pools, dice: Dice): void {
  const ids = pools.tree.pools.map(({ poolId }) => poolId);
  const pool = (): number => dice.oneOf([...ids, 9999]);
  const name = (): string => `p${dice.below(12)}`;
  const allocation = () => {
    const reservation = dice.below(1500);
    const limit = dice.below(2) === 0 ? null : reservation + dice.below(1000);
    return { ...FREE, reservation, expandable: dice.below(2) === 0, limit };
  };
  const row = dice.below(VMS);
  const vmxPath = `/vm${row}`;
  const create = () =>
    pools.create({ parentId: pool(), name: name(), cpu: allocation(), memory: allocation() });
  const admit = () => {
    const pcpus = dice.oneOf([[], [0], [1], [0, 1], [2]]);
    const demand = { cpuMhz: dice.below(900), memoryMb: dice.below(900), vcpus: 1 + dice.below(2) };
    pools.admission.admit(row, { vmxPath, affinity: pcpus.length === 0 ? undefined : pcpus, ...demand });
  };
  dice.oneOf([
    create,
    create,
    admit,
    admit,
    () =>
      pools.update({
        changes: [
          { poolId: pool(), cpu: allocation() },
          { poolId: pool(), name: name() },
        ],
      }),
    () => pools.move({ poolId: pool(), pools: [pool()], vms: [vmxPath] }),
    () => pools.destroy({ poolId: pool() }),
    () => pools.forgetVm({ vmxPath }),
    () => pools.admission.release(row),
  ])();
}

it('random changes leave a tree, nothing reserved twice, and what is refused changes nothing', () => {
  const dice = new Dice(20_061);
  let pools = host.boot();
  let [done, refused] = [0, 0];
  for (let step = 0; step < 1500; step++) {
    const before = JSON.stringify(pools.list());
    try {
      change(pools, dice);
      done++;
    } catch (error) {
      if (!(error instanceof VmkernelError)) throw error;
      refused++;
      expect(JSON.stringify(pools.list())).toBe(before);
    }
    const { cpu, memory } = pools.admission.accounts();
    for (const { used, bound } of [...cpu.values(), ...memory.values()])
      expect(used).toBeLessThanOrEqual(bound);
    // Every pool is reached from the root.
    expect(cpu.size).toBe(pools.tree.pools.length);
    const ids = pools.tree.pools.map(({ poolId }) => poolId);
    expect(new Set(ids).size).toBe(ids.length);
    if (step % 100 === 99) {
      const vms = Array.from({ length: VMS }, (_, row) => pools.admission.demandOf(row));
      const list = pools.list();
      pools = host.boot();
      vms.forEach((demand, row) => {
        pools.admission.restore(row, demand);
      });
      expect(pools.list()).toEqual(list);
    }
  }
  expect(host.warnings).toEqual([]);
  expect(Math.min(done, refused)).toBeGreaterThan(300);
});
