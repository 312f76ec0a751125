import type { Rect } from './display.js';
import { bytesOf, type Picture, samePixels } from './picture.js';

/** A copy of rows within a picture: `to` shows what stood at row `fromY`, full width. */
export interface RowMove {
  readonly to: Rect;
  readonly fromY: number;
}

/** Of every third pixel is the hash of a row: it only proposes, pixels decide. */
const HASH_STEP = 3;
const MIN_VOTES = 8;
const MIN_ROWS = 16;

/**
 * Looks for rows that moved up or down together, as a text screen's lines do when it scrolls.
 * @param before what a viewer shows
 * @param after of the same size
 * @returns the move that most rows agree on; null when they are too few to be worth it
 */
export function findScroll(before: Picture, after: Picture): RowMove | null {
  const distance = likelyDistance(rowHashes(before), rowHashes(after));
  if (distance === null) return null;
  const { width, height } = after;
  const [old, now] = [bytesOf(before.pixels), bytesOf(after.pixels)];
  let [first, last, same] = [-1, -1, 0];
  for (let y = Math.max(0, -distance); y < Math.min(height, height - distance); y++) {
    if (!samePixels(now, y * width, old, (y + distance) * width, width)) continue;
    if (first < 0) first = y;
    last = y;
    same++;
  }
  const rows = last - first + 1;
  if (same < MIN_ROWS || same * 2 < rows) return null;
  return { to: { x: 0, y: first, width, height: rows }, fromY: first + distance };
}

/** @returns by how many rows above their old place most changed rows stand */
function likelyDistance(old: Uint32Array, now: Uint32Array): number | null {
  const places = new Map<number, number>();
  for (const [y, hash] of old.entries()) places.set(hash, places.has(hash) ? -1 : y);
  const votes = new Map<number, number>();
  for (const [y, hash] of now.entries()) {
    const place = places.get(hash) ?? -1;
    if (place < 0 || old[y] === hash) continue;
    votes.set(place - y, (votes.get(place - y) ?? 0) + 1);
  }
  let best: number | null = null;
  let most = MIN_VOTES - 1;
  for (const [distance, count] of votes) if (count > most) [best, most] = [distance, count];
  return best;
}

function rowHashes({ width, height, pixels }: Picture): Uint32Array {
  const hashes = new Uint32Array(height);
  for (let y = 0; y < height; y++) {
    let hash = 0x811c9dc5;
    const end = (y + 1) * width;
    for (let i = y * width; i < end; i += HASH_STEP)
      hash = Math.imul(hash ^ (pixels[i] as number), 0x01000193);
    hashes[y] = hash;
  }
  return hashes;
}
