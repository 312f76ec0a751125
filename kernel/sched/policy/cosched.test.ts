import { describe, expect, it } from 'vitest';
import { type CoschedMode, Gang } from './index.js';

const stops = (gang: Gang, times: number, running: number, halted = 0): boolean => {
  let stopped = false;
  for (let i = 0; i < times; i++) stopped = gang.accrue(1000, running, halted) || stopped;
  return stopped;
};

describe('co-scheduling', () => {
  it('stops a VM when one vCPU lags behind a running sibling by more than the limit', () => {
    const gang = new Gang(2, 'relaxed', 3000);
    expect(stops(gang, 3, 0b01)).toBe(false);
    expect(stops(gang, 1, 0b01)).toBe(true);
    expect(gang.stopped).toBe(true);
  });

  it.each<CoschedMode>(['relaxed', 'strict'])('gathers no skew while all run, or none (%s)', mode => {
    const gang = new Gang(4, mode, 3000);
    expect(stops(gang, 100, 0b1111)).toBe(false);
    expect(stops(gang, 100, 0)).toBe(false);
    expect([...gang.skewUs]).toEqual([0, 0, 0, 0]);
  });

  it('relaxed: halted vCPUs never gather skew', () => {
    const gang = new Gang(4, 'relaxed', 3000);
    expect(stops(gang, 1000, 0b0001, 0b1110)).toBe(false);
    expect([...gang.skewUs]).toEqual([0, 0, 0, 0]);
  });

  it('strict: halted vCPUs gather it, and all must start together', () => {
    const gang = new Gang(4, 'strict', 3000);
    expect(stops(gang, 4, 0b0001, 0b1110)).toBe(true);
    expect(gang.needed(0b1110)).toBe(0b1111);
  });

  it('relaxed: only the vCPUs that lag must start together', () => {
    const gang = new Gang(4, 'relaxed', 3000);
    stops(gang, 2, 0b0011);
    expect(stops(gang, 2, 0b0111)).toBe(true);
    expect(gang.needed(0)).toBe(0b1000);
    expect(gang.needed(0b1000)).toBe(0);
  });

  it('counts co-stop for runnable vCPUs of a stopped VM alone', () => {
    const gang = new Gang(2, 'relaxed', 3000);
    stops(gang, 4, 0b01);
    gang.accrue(5000, 0, 0);
    gang.accrue(7000, 0, 0b01);
    expect([...gang.costopUs]).toEqual([5000, 12_000]);
    gang.start();
    gang.accrue(5000, 0b11, 0);
    expect([...gang.costopUs]).toEqual([5000, 12_000]);
  });

  it('lets a vCPU that caught up run without its siblings again', () => {
    const gang = new Gang(2, 'relaxed', 3000);
    stops(gang, 4, 0b01);
    gang.start();
    expect(stops(gang, 3, 0b11)).toBe(false);
    expect(stops(gang, 1, 0b01)).toBe(false);
    expect(gang.skewUs[1]).toBe(2000);
  });
});
