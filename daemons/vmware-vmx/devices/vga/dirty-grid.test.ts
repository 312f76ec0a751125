import { describe, expect, it } from 'vitest';
import { type Area, DirtyGrid } from './dirty-grid.js';

/** Which pixels areas cover, how often. */
function covered(areas: readonly Area[], width: number, height: number): Uint8Array {
  const times = new Uint8Array(width * height);
  for (const area of areas) {
    expect(area.x + area.width).toBeLessThanOrEqual(width);
    expect(area.y + area.height).toBeLessThanOrEqual(height);
    for (let y = area.y; y < area.y + area.height; y++)
      for (let x = area.x; x < area.x + area.width; x++)
        times[y * width + x] = (times[y * width + x] ?? 0) + 1;
  }
  return times;
}

describe('DirtyGrid', () => {
  it('has nothing to say when nothing was marked, and forgets what it has said', () => {
    const grid = new DirtyGrid(100, 60, 10, 10);
    expect(grid.take()).toEqual([]);
    grid.mark(55, 5);
    expect(grid.take()).toEqual([{ x: 50, y: 0, width: 10, height: 10 }]);
    expect(grid.take()).toEqual([]);
  });

  it('joins neighbours in a row, and equal rows below each other', () => {
    const grid = new DirtyGrid(100, 60, 10, 10);
    for (const y of [10, 20, 30]) for (const x of [20, 30, 40]) grid.mark(x, y);
    expect(grid.take()).toEqual([{ x: 20, y: 10, width: 30, height: 30 }]);
  });

  it('cuts tiles at the edges of the picture', () => {
    const grid = new DirtyGrid(95, 55, 10, 10);
    grid.mark(94, 54);
    expect(grid.take()).toEqual([{ x: 90, y: 50, width: 5, height: 5 }]);
  });

  it('covers every mark by areas that do not overlap, 32 at most, whatever is marked', () => {
    let seed = 1;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % below;
    };
    for (let round = 0; round < 200; round++) {
      const width = 1 + random(300);
      const height = 1 + random(300);
      const grid = new DirtyGrid(width, height, 1 + random(9), 1 + random(16));
      const marks = Array.from(
        { length: 1 + random(round + 1) },
        () => [random(width), random(height)] as const,
      );
      for (const [x, y] of marks) grid.mark(x, y);
      const areas = grid.take();
      expect(areas.length).toBeLessThanOrEqual(32);
      const times = covered(areas, width, height);
      for (const [x, y] of marks) expect(times[y * width + x]).toBe(1);
      expect(Math.max(...times)).toBe(1);
    }
  });
});
