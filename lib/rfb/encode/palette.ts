import type { Rect } from '../display.js';
import type { Picture } from '../picture.js';

const SLOTS = 1024;
export const MAX_COLOURS = 256;

/** The colours of a rectangle, numbered in the order in which they occur. Used again for each rectangle. */
export class Palette {
  readonly colours = new Uint32Array(MAX_COLOURS);
  size = 0;
  readonly #slotColour = new Uint32Array(SLOTS);
  readonly #slotIndex = new Int16Array(SLOTS).fill(-1);

  /** @returns false when there are more than `limit` colours, which is at most {@link MAX_COLOURS} */
  scan({ pixels, width }: Picture, rect: Rect, limit: number): boolean {
    this.#reset();
    let last = -1;
    for (let y = rect.y; y < rect.y + rect.height; y++) {
      const end = y * width + rect.x + rect.width;
      for (let i = end - rect.width; i < end; i++) {
        const colour = pixels[i] as number;
        if (colour === last) continue;
        last = colour;
        if (!this.#add(colour, limit)) return false;
      }
    }
    return true;
  }

  /** @returns the number of a colour that was scanned */
  indexOf(colour: number): number {
    return this.#slotIndex[this.#slot(colour)] as number;
  }

  #add(colour: number, limit: number): boolean {
    const slot = this.#slot(colour);
    if (this.#slotIndex[slot] !== -1) return true;
    if (this.size === limit) return false;
    this.#slotColour[slot] = colour;
    this.#slotIndex[slot] = this.size;
    this.colours[this.size++] = colour;
    return true;
  }

  /** @returns where the colour is, or would be */
  #slot(colour: number): number {
    let slot = (Math.imul(colour, 0x9e3779b1) >>> 22) & (SLOTS - 1);
    while (this.#slotIndex[slot] !== -1 && this.#slotColour[slot] !== colour) slot = (slot + 1) & (SLOTS - 1);
    return slot;
  }

  #reset(): void {
    if (this.size > 0) this.#slotIndex.fill(-1);
    this.size = 0;
  }
}
