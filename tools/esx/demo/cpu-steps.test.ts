import { expect, it } from 'vitest';
import { cpuSteps, expected } from './cpu-steps.js';

/** V1, V2 and V10 of the scheduler's test vectors, of one PCPU. */
it.each([
  ['shares', { high: 2 / 3, low: 1 / 3 }],
  ['reservation', { high: 0.5, low: 0.5 }],
  ['limit', { high: 0.25, low: 0.75 }],
])('expects of %s what the vectors say', (name, parts) => {
  const step = cpuSteps.find(one => one.name === name);
  const found = step && expected(step.settings, 1);
  expect(found?.high).toBeCloseTo(parts.high, 6);
  expect(found?.low).toBeCloseTo(parts.low, 6);
});

it('shares what other work leaves, and keeps a reservation whole', () => {
  const [shares, reservation] = cpuSteps;
  if (shares === undefined || reservation === undefined) throw new Error('there are three steps');
  expect(expected(shares.settings, 0.9)).toEqual({ high: expect.closeTo(0.6), low: expect.closeTo(0.3) });
  expect(expected(reservation.settings, 0.9)).toEqual({
    high: expect.closeTo(0.4),
    low: expect.closeTo(0.5),
  });
});
