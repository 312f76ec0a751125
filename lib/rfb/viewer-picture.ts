import type { Rect } from './display.js';
import { bytesOf, type Picture, samePixels } from './picture.js';
import { findScroll, type RowMove } from './scroll.js';

/** Unchanged rows between changed ones that do not part a rectangle: a rectangle costs more than they do. */
const JOIN_ROWS = 8;
/** A search for a scroll costs some milliseconds: it pays when this part of all rows may have changed. */
const SCROLL_PART = 0.25;
/** After searches in vain the next ones are left out, up to this many. */
const MAX_SKIPPED_SEARCHES = 15;

export interface PictureChanges {
  readonly move: RowMove | null;
  /** To be sent after the move. */
  readonly rects: readonly Rect[];
}

/**
 * What one viewer shows: a copy of the picture as it was sent. Encoders read it, so that a picture that is drawn
 * meanwhile never tears what a rectangle and the next comparison are about.
 */
export class ViewerPicture implements Picture {
  readonly pixels: Uint32Array;
  readonly #bytes: Buffer;
  #searchesSkipped = 0;
  #skip = 0;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.pixels = new Uint32Array(width * height);
    this.#bytes = bytesOf(this.pixels);
  }

  /** Takes over a part of the picture, changed or not. What the picture lacks is black. */
  copy(from: Picture, rect: Rect): void {
    const count = Math.max(0, Math.min(rect.width, from.width - rect.x));
    for (let y = rect.y; y < rect.y + rect.height; y++) {
      const at = y * this.width + rect.x;
      const source = y * from.width + rect.x;
      if (y < from.height) this.pixels.set(from.pixels.subarray(source, source + count), at);
      this.pixels.fill(0, at + (y < from.height ? count : 0), at + rect.width);
    }
  }

  /**
   * Takes over what differs within `rects`.
   * @param scroll whether a move of rows may be used: the rectangles lie in an area of the picture's full width
   */
  update(from: Picture, rects: readonly Rect[], scroll: boolean): PictureChanges {
    const move = scroll && this.#worthASearch(from, rects) ? this.#search(from) : null;
    const changed: Rect[] = [];
    for (const rect of move === null ? rects : [...rects, move.to]) this.#compare(from, rect, changed);
    return { move, rects: changed };
  }

  #worthASearch(from: Picture, rects: readonly Rect[]): boolean {
    if (from.width !== this.width || from.height !== this.height) return false;
    const rows = rects.reduce((sum, rect) => sum + (rect.width * 2 > this.width ? rect.height : 0), 0);
    if (rows < this.height * SCROLL_PART) return false;
    if (this.#searchesSkipped >= this.#skip) return true;
    this.#searchesSkipped++;
    return false;
  }

  #search(from: Picture): RowMove | null {
    const move = findScroll(this, from);
    this.#searchesSkipped = 0;
    this.#skip = move === null ? Math.min(this.#skip * 2 + 1, MAX_SKIPPED_SEARCHES) : 0;
    if (move === null) return null;
    const { to, fromY } = move;
    this.pixels.copyWithin(to.y * this.width, fromY * this.width, (fromY + to.height) * this.width);
    return move;
  }

  /** Finds the runs of rows that differ, takes them over, and adds them to `changed`. */
  #compare(from: Picture, rect: Rect, changed: Rect[]): void {
    const source = bytesOf(from.pixels);
    let first = -1;
    let last = -1;
    for (let y = rect.y; y < rect.y + rect.height; y++) {
      if (this.#sameRow(from, source, rect, y)) continue;
      if (first >= 0 && y - last > JOIN_ROWS) {
        this.#take(from, rect, first, last, changed);
        first = -1;
      }
      if (first < 0) first = y;
      last = y;
    }
    if (first >= 0) this.#take(from, rect, first, last, changed);
  }

  #sameRow(from: Picture, source: Buffer, rect: Rect, y: number): boolean {
    if (y >= from.height) return true;
    const count = Math.min(rect.width, from.width - rect.x);
    if (count <= 0) return true;
    return samePixels(this.#bytes, y * this.width + rect.x, source, y * from.width + rect.x, count);
  }

  #take(from: Picture, rect: Rect, first: number, last: number, changed: Rect[]): void {
    let left = rect.x + rect.width;
    let right = rect.x - 1;
    for (let y = first; y <= last; y++) {
      const [mine, theirs] = [y * this.width, y * from.width];
      let x = rect.x;
      while (x < left && this.pixels[mine + x] === from.pixels[theirs + x]) x++;
      left = Math.min(left, x);
      x = Math.min(rect.x + rect.width, from.width) - 1;
      while (x > right && this.pixels[mine + x] === from.pixels[theirs + x]) x--;
      right = Math.max(right, x);
    }
    if (right < left) return;
    const run = { x: left, y: first, width: right - left + 1, height: last - first + 1 };
    this.copy(from, run);
    changed.push(run);
  }
}
