import type { ByteWriter } from '../byte-writer.js';
import type { Rect } from '../display.js';
import { Encoding } from '../encodings.js';
import type { Picture } from '../picture.js';
import { type PixelCodec, type PixelTable, putPixel, putPixels } from '../pixel-codec.js';
import type { RectEncoder } from './encoder.js';

const TILE = 16;
const Mask = { raw: 1, background: 2, foreground: 4, subrects: 8, coloured: 16 } as const;

/** RFC 6143 7.7.4. */
export class HextileEncoder implements RectEncoder {
  readonly encoding = Encoding.hextile;
  /** The tile's pixels, of which subrectangles are taken away. */
  readonly #tile = new Uint32Array(TILE * TILE);
  readonly #taken = new Uint8Array(TILE * TILE);
  /** What the viewer remembers of the former tile; −1: nothing. */
  #background = -1;
  #foreground = -1;

  encode(picture: Picture, rect: Rect, { pixel }: PixelCodec, out: ByteWriter): void {
    this.#background = -1;
    this.#foreground = -1;
    for (let y = 0; y < rect.height; y += TILE)
      for (let x = 0; x < rect.width; x += TILE) {
        const width = Math.min(TILE, rect.width - x);
        const height = Math.min(TILE, rect.height - y);
        this.#encodeTile(picture, { x: rect.x + x, y: rect.y + y, width, height }, pixel, out);
      }
  }

  close(): void {
    return;
  }

  #encodeTile(picture: Picture, tile: Rect, table: PixelTable, out: ByteWriter): void {
    const { background, foreground } = this.#load(picture, tile);
    const coloured = foreground === -2;
    const rawBytes = tile.width * tile.height * table.bytes;
    const bytes = out.room(4 + 2 * table.bytes + rawBytes);
    const head = out.length;
    let mask: number = background === this.#background ? 0 : Mask.background;
    let at = head + 1;
    if (mask !== 0) at = putPixel(table, background, bytes, at);
    if (foreground >= 0 && foreground !== this.#foreground) {
      mask |= Mask.foreground;
      at = putPixel(table, foreground, bytes, at);
    }
    if (foreground !== -1) {
      mask |= coloured ? Mask.subrects | Mask.coloured : Mask.subrects;
      at = this.#subrects(tile, background, coloured ? table : null, bytes, at, head + 1 + rawBytes);
      if (at < 0) {
        this.#raw(picture, tile, table, out);
        return;
      }
    }
    bytes[head] = mask;
    out.length = at;
    this.#background = background;
    // Coloured subrectangles leave no foreground behind that could be relied on.
    if (foreground !== -1) this.#foreground = coloured ? -1 : foreground;
  }

  /** Copies the tile. @returns its first and second colour; foreground −1: there is none, −2: there are more */
  #load({ pixels, width }: Picture, tile: Rect): { background: number; foreground: number } {
    const background = pixels[tile.y * width + tile.x] as number;
    let foreground = -1;
    let at = 0;
    for (let y = tile.y; y < tile.y + tile.height; y++)
      for (let i = y * width + tile.x; i < y * width + tile.x + tile.width; i++) {
        const colour = pixels[i] as number;
        this.#tile[at++] = colour;
        if (colour === background || colour === foreground) continue;
        foreground = foreground === -1 ? colour : -2;
      }
    return { background, foreground };
  }

  /** @returns the offset behind them; −1: they would take more than `limit` */
  #subrects(
    { width, height }: Rect,
    background: number,
    table: PixelTable | null,
    bytes: Uint8Array,
    start: number,
    limit: number,
  ): number {
    this.#taken.fill(0, 0, width * height);
    const size = 2 + (table?.bytes ?? 0);
    let count = 0;
    let at = start + 1;
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const colour = this.#tile[y * width + x] as number;
        if (colour === background || this.#taken[y * width + x] === 1) continue;
        if (at + size > limit || count === 255) return -1;
        const { right, bottom } = this.#grow(x, y, width, height);
        if (table !== null) at = putPixel(table, colour, bytes, at);
        bytes[at++] = (x << 4) | y;
        bytes[at++] = ((right - x) << 4) | (bottom - y);
        count++;
      }
    bytes[start] = count;
    return at;
  }

  /** Takes the largest run to the right, then as many equal rows below. @returns its last column and row */
  #grow(x: number, y: number, width: number, height: number): { right: number; bottom: number } {
    const colour = this.#tile[y * width + x];
    let right = x;
    while (right + 1 < width && this.#free(y * width + right + 1, colour)) right++;
    let bottom = y;
    while (bottom + 1 < height && this.#rowFree((bottom + 1) * width, x, right, colour)) bottom++;
    for (let row = y; row <= bottom; row++) this.#taken.fill(1, row * width + x, row * width + right + 1);
    return { right, bottom };
  }

  #rowFree(row: number, left: number, right: number, colour: number | undefined): boolean {
    for (let x = left; x <= right; x++) if (!this.#free(row + x, colour)) return false;
    return true;
  }

  #free(at: number, colour: number | undefined): boolean {
    return this.#taken[at] === 0 && this.#tile[at] === colour;
  }

  #raw({ pixels, width }: Picture, tile: Rect, table: PixelTable, out: ByteWriter): void {
    out.u8(Mask.raw);
    const bytes = out.room(tile.width * tile.height * table.bytes);
    for (let y = tile.y; y < tile.y + tile.height; y++)
      out.length = putPixels(table, pixels, y * width + tile.x, tile.width, bytes, out.length);
    this.#background = -1;
    this.#foreground = -1;
  }
}
