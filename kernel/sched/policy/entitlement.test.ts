import { describe, expect, it } from 'vitest';
import { type Claim, entitle } from './index.js';

const claim = (shares: number, min = 0, max = Number.POSITIVE_INFINITY): Claim => ({ shares, min, max });
const shared = (claims: Claim[], capacity = 1): number[] => {
  const out = new Float64Array(claims.length);
  entitle(claims, capacity, 1, out);
  return [...out].map(x => Math.round(x * 1000));
};

describe('entitlement (vectors of scheduler.md 3.2, one PCPU = 1000 MHz)', () => {
  it('V1 follows shares', () => expect(shared([claim(2000), claim(1000)])).toEqual([667, 333]));
  it('V2 serves a reservation first', () =>
    expect(shared([claim(2000), claim(1000, 0.5)])).toEqual([500, 500]));
  it('V3 gives what a limit leaves to the others', () =>
    expect(shared([claim(1000, 0, 0.2), claim(1000), claim(1000)])).toEqual([200, 400, 400]));
  it('V5 lends an idle reservation', () =>
    expect(shared([claim(1000, 0.8, 0.1), claim(1000)])).toEqual([100, 900]));
  it('V10 holds a limit on an idle host', () => expect(shared([claim(1000, 0, 0.25)])).toEqual([250]));
  it('never gives one entity more than one PCPU', () =>
    expect(shared([claim(100_000), claim(1)], 2)).toEqual([1000, 1000]));
  it('shares out two PCPUs among three equals', () =>
    expect(shared([claim(1000), claim(1000), claim(1000)], 2)).toEqual([667, 667, 667]));
  it('copes with no claims and with zero shares', () => {
    expect(shared([])).toEqual([]);
    expect(shared([claim(0), claim(1000)])).toEqual([0, 1000]);
  });
});
