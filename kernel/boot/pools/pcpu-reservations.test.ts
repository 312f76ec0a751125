import { describe, expect, it } from 'vitest';
import { type BoundReservation, fitOnPcpus } from './pcpu-reservations.js';

const bound = (amount: number, ...pcpus: number[]): BoundReservation => ({ amount, pcpus });

describe('reservations of VMs that are bound to PCPUs', () => {
  // ESX Server 2 documentation: two UP VMs with a minimum of 80 % bound to one CPU cannot both start.
  it('add up on each PCPU', () => {
    expect(fitOnPcpus([bound(80, 1), bound(80, 1)], [100, 100])).toEqual([80, 20]);
    expect(fitOnPcpus([bound(80, 1), bound(80, 0)], [100, 100])).toEqual([80, 80]);
    expect(fitOnPcpus([bound(50, 0), bound(50, 0)], [100])).toEqual([50, 50]);
  });

  it('make room for one another where a set leaves a choice', () => {
    expect(fitOnPcpus([bound(80, 0, 1), bound(80, 0)], [100, 100])).toEqual([80, 80]);
    expect(
      fitOnPcpus([bound(90, 0, 1), bound(90, 1, 2), bound(90, 0), bound(30, 2)], [100, 100, 100]),
    ).toEqual([90, 90, 90, 30]);
  });

  it('are refused where sets that overlap are too small together', () => {
    const pairs = [bound(100, 0, 1), bound(100, 0, 1), bound(90, 1, 2)];
    expect(fitOnPcpus([...pairs, bound(90, 1, 2)], [100, 100, 100])).toEqual([100, 100, 90, 10]);
  });

  it('meet nothing on PCPUs that do not exist', () => {
    expect(fitOnPcpus([bound(10, 7), bound(0, 0)], [100])).toEqual([0, 0]);
  });

  it('agree with trying all ways to place them, whole units on three PCPUs', () => {
    let state = 12345;
    const random = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      return (state >> 8) % below;
    };
    const sets = [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]];
    for (let round = 0; round < 200; round++) {
      const capacity = [random(4), random(4), random(4)];
      const demands = Array.from({ length: 1 + random(4) }, () =>
        bound(1 + random(3), ...(sets[random(sets.length)] ?? [0])),
      );
      const fits = fitOnPcpus(demands, capacity).every((got, i) => got === demands[i]?.amount);
      const units = demands.flatMap(({ amount, pcpus }) => Array.from({ length: amount }, () => pcpus));
      expect(fits).toBe(canPlace(units, capacity));
    }
  });
});

function canPlace(units: readonly (readonly number[])[], capacity: readonly number[]): boolean {
  const [first, ...rest] = units;
  if (first === undefined) return true;
  return first.some(
    pcpu =>
      (capacity[pcpu] ?? 0) > 0 &&
      canPlace(
        rest,
        capacity.map((free, i) => (i === pcpu ? free - 1 : free)),
      ),
  );
}
