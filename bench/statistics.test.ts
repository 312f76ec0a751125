import { describe, expect, it } from 'vitest';
import { median, percentile, significant } from './statistics.js';

describe('statistics', () => {
  it('takes the nearest rank as percentile', () => {
    const samples = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(percentile(samples, 0.5)).toBe(50);
    expect(percentile(samples, 0.99)).toBe(99);
    expect(percentile(samples, 1)).toBe(100);
    expect(percentile([7], 0.01)).toBe(7);
  });

  it('takes the mean of the two in the middle of an even count', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([9, 1, 5])).toBe(5);
  });

  it('has no percentile and no median of nothing', () => {
    expect(percentile([], 0.5)).toBeNaN();
    expect(median([])).toBeNaN();
  });

  it('rounds to significant digits', () => {
    expect(significant(1234.567)).toBe(1235);
    expect(significant(0.00123456)).toBe(0.001235);
  });
});
