import type { Rect } from './display.js';

const BAND_ROWS = 16;

/**
 * What of a picture may have changed: for each band of 16 rows the columns from the leftmost to the rightmost change.
 * Its size does not depend on how much is added.
 */
export class DirtyRegion {
  readonly #width: number;
  readonly #height: number;
  readonly #left: Uint16Array;
  readonly #right: Uint16Array;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    const bands = Math.ceil(height / BAND_ROWS);
    this.#left = new Uint16Array(bands);
    this.#right = new Uint16Array(bands);
  }

  /** What lies outside of the picture is left out. */
  add(rect: Rect): void {
    const left = Math.max(rect.x, 0);
    const right = Math.min(rect.x + rect.width, this.#width);
    const bottom = Math.min(rect.y + rect.height, this.#height);
    if (left >= right) return;
    for (let band = Math.floor(Math.max(rect.y, 0) / BAND_ROWS); band * BAND_ROWS < bottom; band++) {
      const clean = this.#isClean(band);
      this.#left[band] = clean ? left : Math.min(this.#left[band] ?? 0, left);
      this.#right[band] = clean ? right : Math.max(this.#right[band] ?? 0, right);
    }
  }

  addAll(): void {
    this.add({ x: 0, y: 0, width: this.#width, height: this.#height });
  }

  intersects(area: Rect): boolean {
    return this.#within(area).length > 0;
  }

  /**
   * Takes out what lies in `area`. A band that is dirty beyond it stays dirty: who looks at it twice finds nothing new
   * the second time.
   * @returns rectangles as tall as equal bands reach, from top to bottom
   */
  take(area: Rect): Rect[] {
    const taken = this.#within(area);
    for (let band = 0; band < this.#left.length; band++) if (this.#covers(area, band)) this.#clear(band);
    return taken;
  }

  #within(area: Rect): Rect[] {
    const rects: Rect[] = [];
    for (let band = 0; band < this.#left.length; band++) {
      if (this.#isClean(band)) continue;
      const x = Math.max(this.#left[band] ?? 0, area.x);
      const width = Math.min(this.#right[band] ?? 0, area.x + area.width) - x;
      const y = Math.max(band * BAND_ROWS, area.y);
      const height = Math.min((band + 1) * BAND_ROWS, this.#height, area.y + area.height) - y;
      if (width <= 0 || height <= 0) continue;
      const above = rects.at(-1);
      if (above?.x === x && above.width === width && above.y + above.height === y)
        rects[rects.length - 1] = { ...above, height: above.height + height };
      else rects.push({ x, y, width, height });
    }
    return rects;
  }

  #covers(area: Rect, band: number): boolean {
    return (
      area.x <= (this.#left[band] ?? 0) &&
      area.x + area.width >= (this.#right[band] ?? 0) &&
      area.y <= band * BAND_ROWS &&
      area.y + area.height >= Math.min((band + 1) * BAND_ROWS, this.#height)
    );
  }

  #isClean(band: number): boolean {
    return this.#left[band] === this.#right[band];
  }

  #clear(band: number): void {
    this.#left[band] = 0;
    this.#right[band] = 0;
  }
}
