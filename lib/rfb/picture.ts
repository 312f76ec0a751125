import type { Rect } from './display.js';

/** Pixels 0x00RRGGBB, row by row, `width` per row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint32Array;
}

/** @returns whether `count` pixels from `at` on are the same in both */
export function samePixels(a: Buffer, aAt: number, b: Buffer, bAt: number, count: number): boolean {
  return a.compare(b, bAt * 4, (bAt + count) * 4, aAt * 4, (aAt + count) * 4) === 0;
}

export function bytesOf(pixels: Uint32Array): Buffer {
  return Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
}

/** Most pixels of one rectangle of an update: bounds what an encoder needs, and is Tight's limit. */
export const PIECE_PIXELS = 65_536;
const PIECE_WIDTH = 2048;
const TILE_ROWS = 64;

/** Cuts a rectangle into pieces of at most {@link PIECE_PIXELS}; their heights are multiples of 64 where they can be. */
export function piecesOf(rect: Rect): Rect[] {
  if (rect.width <= PIECE_WIDTH && rect.width * rect.height <= PIECE_PIXELS) return [rect];
  const width = Math.min(rect.width, PIECE_WIDTH);
  const rows = Math.floor(PIECE_PIXELS / width);
  const height = rows > TILE_ROWS ? rows - (rows % TILE_ROWS) : rows;
  const pieces: Rect[] = [];
  for (let y = 0; y < rect.height; y += height)
    for (let x = 0; x < rect.width; x += width)
      pieces.push({
        x: rect.x + x,
        y: rect.y + y,
        width: Math.min(width, rect.width - x),
        height: Math.min(height, rect.height - y),
      });
  return pieces;
}
