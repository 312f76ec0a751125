import { describe, expect, it } from 'vitest';
import { HaltPolicy } from './halt-policy.js';

const OPTIONS = { longestMs: 40, tickMs: 1, ticksUntilIdle: 16 };

function tick(policy: HaltPolicy, times: number, ranMs = 0.1, timerMs = 4): number {
  let slept = 0;
  for (let i = 0; i < times; i++) slept = policy.sleepMs(ranMs, timerMs);
  return slept;
}

describe('HaltPolicy', () => {
  it('keeps the timers of a guest that works', () => {
    const policy = new HaltPolicy(OPTIONS);
    expect(tick(policy, 100, 2, 4)).toBe(4);
  });

  it('lets the sleeps of a guest that only ticks grow to the longest', () => {
    const policy = new HaltPolicy(OPTIONS);
    expect(tick(policy, 16)).toBe(4);
    expect(tick(policy, 4)).toBeGreaterThan(4);
    expect(tick(policy, 50)).toBe(40);
  });

  it('wakes an idle guest of 250 ticks a second fewer than 40 times a second', () => {
    const policy = new HaltPolicy(OPTIONS);
    tick(policy, 100);
    let wakes = 0;
    for (let nowMs = 0; nowMs < 1000; nowMs += policy.sleepMs(0.1, 4)) wakes++;
    expect(wakes).toBeLessThan(40);
  });

  it('never sleeps shorter than the next timer', () => {
    const policy = new HaltPolicy(OPTIONS);
    expect(tick(policy, 100, 0.1, 90)).toBe(90);
  });

  it('is exact again after work or an event from outside', () => {
    const policy = new HaltPolicy(OPTIONS);
    tick(policy, 100);
    policy.wake();
    expect(policy.sleepMs(0.1, 4)).toBe(4);
    tick(policy, 100);
    expect(policy.sleepMs(5, 4)).toBe(4);
    expect(policy.sleepMs(0.1, 4)).toBe(4);
  });
});
