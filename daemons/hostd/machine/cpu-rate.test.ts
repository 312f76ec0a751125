import { expect, it } from 'vitest';
import { CpuRate } from './cpu-rate.js';

const at = (seconds: number, used: Record<string, number>) => ({
  takenUs: seconds * 1e6,
  usedUs: new Map(Object.entries(used).map(([key, value]) => [key, value * 1e6])),
});

it('is over the time since boot at first, then over the time since an earlier reading', () => {
  const rate = new CpuRate(0);
  expect(rate.next(at(10, { one: 5, two: 5 }))).toBe(1);
  expect(rate.next(at(12, { one: 7, two: 5 }))).toBe(1);
  expect(rate.next(at(14, { one: 7, two: 5.5 }))).toBe(0.25);
});

it('does not jump when two ask at nearly the same time', () => {
  const rate = new CpuRate(0);
  rate.next(at(10, { one: 5 }));
  const first = rate.next(at(20, { one: 15 }));
  expect(rate.next(at(20.001, { one: 15 }))).toBeCloseTo(first ?? 0, 3);
});

it('counts a counter that is new from nought, and one that is gone no more', () => {
  const rate = new CpuRate(0);
  rate.next(at(10, { old: 9 }));
  expect(rate.next(at(12, { fresh: 1 }))).toBe(0.5);
});

it('is unknown when no time has passed', () => {
  expect(new CpuRate(0).next(at(0, { one: 0 }))).toBeUndefined();
});
