import type { DirtyGrid } from './dirty-grid.js';

/** Tiles of graphics pictures: a row's change is told in steps of so many pixels. */
export const TILE_WIDTH = 64;
export const TILE_HEIGHT = 16;

/** Puts a row into the picture and marks the tiles that it changed. */
export function putRow(row: Uint32Array, pixels: Uint32Array, y: number, grid: DirtyGrid): void {
  const base = y * row.length;
  for (let x = 0; x < row.length; x++) {
    if (pixels[base + x] === row[x]) continue;
    const end = Math.min(row.length, x - (x % TILE_WIDTH) + TILE_WIDTH);
    grid.mark(x, y);
    for (; x < end; x++) pixels[base + x] = row[x] ?? 0;
    x--;
  }
}
