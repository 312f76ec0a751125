import type { Rect } from '../display.js';
import type { Picture } from '../picture.js';
import type { Palette } from './palette.js';

/**
 * Writes a rectangle as colour numbers of `bits` bits (1, 2, 4 or 8), first pixel highest, each row filled up to whole
 * bytes. @returns the offset behind them
 */
export function putIndices(
  { pixels, width }: Picture,
  rect: Rect,
  palette: Palette,
  bits: number,
  out: Uint8Array,
  at: number,
): number {
  let next = at;
  let last = -1;
  let index = 0;
  for (let y = rect.y; y < rect.y + rect.height; y++) {
    const end = y * width + rect.x + rect.width;
    let byte = 0;
    let filled = 0;
    for (let i = end - rect.width; i < end; i++) {
      const colour = pixels[i] as number;
      if (colour !== last) {
        last = colour;
        index = palette.indexOf(colour);
      }
      byte = (byte << bits) | index;
      filled += bits;
      if (filled < 8) continue;
      out[next++] = byte;
      byte = 0;
      filled = 0;
    }
    if (filled > 0) out[next++] = byte << (8 - filled);
  }
  return next;
}
