import { describe, expect, it } from 'vitest';
import { table } from './table.js';

describe('table', () => {
  it('aligns numbers to the right and words to the left', () => {
    const text = table([
      { system: 'ours', seconds: 12.5 },
      { system: 'bare engine', seconds: 9 },
    ]);
    expect(text).toBe('  system       seconds\n  ours            12.5\n  bare engine        9\n\n');
  });

  it('begins a new table where the columns change', () => {
    expect(table([{ a: 1 }, { b: 2 }])).toBe('  a\n  1\n\n  b\n  2\n\n');
  });
});
