import { ByteWriter } from '../byte-writer.js';
import { DeflateStream } from '../deflate-stream.js';
import type { Rect } from '../display.js';
import { Encoding } from '../encodings.js';
import type { Picture } from '../picture.js';
import { type PixelCodec, type PixelTable, putPixel, putPixels } from '../pixel-codec.js';
import type { RectEncoder } from './encoder.js';
import { putIndices } from './packed.js';
import { Palette } from './palette.js';

const TILE = 64;
const MAX_RLE_COLOURS = 127;
const MAX_PACKED_COLOURS = 16;
const Sub = { raw: 0, solid: 1, plainRle: 128, paletteRle: 128 } as const;

/** RFC 6143 7.7.6: tiles, each in the form that takes the fewest bytes, through one zlib stream. */
export class ZrleEncoder implements RectEncoder {
  readonly encoding = Encoding.zrle;
  readonly #deflate: DeflateStream;
  readonly #palette = new Palette();
  readonly #tiles = new ByteWriter();

  constructor(level: number) {
    this.#deflate = new DeflateStream(level);
  }

  async encode(picture: Picture, rect: Rect, { cpixel }: PixelCodec, out: ByteWriter): Promise<void> {
    this.#tiles.clear();
    for (let y = 0; y < rect.height; y += TILE)
      for (let x = 0; x < rect.width; x += TILE) {
        const width = Math.min(TILE, rect.width - x);
        const height = Math.min(TILE, rect.height - y);
        this.#encodeTile(picture, { x: rect.x + x, y: rect.y + y, width, height }, cpixel);
      }
    const chunks = await this.#deflate.compress(this.#tiles.view());
    out.u32(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    for (const chunk of chunks) out.append(chunk);
  }

  close(): void {
    this.#deflate.close();
  }

  #encodeTile(picture: Picture, tile: Rect, table: PixelTable): void {
    const palette = this.#palette;
    const few = palette.scan(picture, tile, MAX_RLE_COLOURS);
    if (few && palette.size === 1) {
      this.#tiles.u8(Sub.solid);
      this.#colours(table);
      return;
    }
    const { runs, singles } = countRuns(picture, tile);
    const raw = tile.width * tile.height * table.bytes;
    const plainRle = (table.bytes + 1) * (runs + singles);
    const colours = table.bytes * palette.size;
    const paletteRle = few ? colours + 2 * runs + singles : Number.POSITIVE_INFINITY;
    const bits = indexBits(palette.size);
    const packed =
      few && palette.size <= MAX_PACKED_COLOURS
        ? colours + Math.ceil((tile.width * bits) / 8) * tile.height
        : Number.POSITIVE_INFINITY;
    const least = Math.min(raw, plainRle, paletteRle, packed);
    if (least === packed) this.#packed(picture, tile, table, bits);
    else if (least === paletteRle) this.#runs(picture, tile, table, palette);
    else if (least === plainRle) this.#runs(picture, tile, table, null);
    else this.#raw(picture, tile, table);
  }

  #colours(table: PixelTable): void {
    const { colours, size } = this.#palette;
    const bytes = this.#tiles.room(size * table.bytes);
    for (let i = 0; i < size; i++)
      this.#tiles.length = putPixel(table, colours[i] as number, bytes, this.#tiles.length);
  }

  #packed(picture: Picture, tile: Rect, table: PixelTable, bits: number): void {
    this.#tiles.u8(this.#palette.size);
    this.#colours(table);
    const bytes = this.#tiles.room(tile.width * tile.height);
    this.#tiles.length = putIndices(picture, tile, this.#palette, bits, bytes, this.#tiles.length);
  }

  #raw({ pixels, width }: Picture, tile: Rect, table: PixelTable): void {
    this.#tiles.u8(Sub.raw);
    const bytes = this.#tiles.room(tile.width * tile.height * table.bytes);
    for (let y = tile.y; y < tile.y + tile.height; y++)
      this.#tiles.length = putPixels(
        table,
        pixels,
        y * width + tile.x,
        tile.width,
        bytes,
        this.#tiles.length,
      );
  }

  /** @param palette null: the colours themselves */
  #runs({ pixels, width }: Picture, tile: Rect, table: PixelTable, palette: Palette | null): void {
    const out = this.#tiles;
    out.u8(palette === null ? Sub.plainRle : Sub.paletteRle + palette.size);
    if (palette !== null) this.#colours(table);
    // The longest form of a run is its colour and one byte for each 255 pixels; shorter runs take less each.
    const bytes = out.room(tile.width * tile.height * (table.bytes + 1));
    let at = out.length;
    let colour = pixels[tile.y * width + tile.x] as number;
    let length = 0;
    for (let y = tile.y; y < tile.y + tile.height; y++) {
      const end = y * width + tile.x + tile.width;
      for (let i = end - tile.width; i < end; i++) {
        if (pixels[i] === colour) {
          length++;
          continue;
        }
        at = putRun(table, palette, colour, length, bytes, at);
        colour = pixels[i] as number;
        length = 1;
      }
    }
    out.length = putRun(table, palette, colour, length, bytes, at);
  }
}

function putRun(
  table: PixelTable,
  palette: Palette | null,
  colour: number,
  length: number,
  bytes: Uint8Array,
  start: number,
): number {
  let at = start;
  if (palette === null) at = putPixel(table, colour, bytes, at);
  else {
    const index = palette.indexOf(colour);
    bytes[at++] = length === 1 ? index : index | 128;
    if (length === 1) return at;
  }
  let left = length - 1;
  while (left >= 255) {
    bytes[at++] = 255;
    left -= 255;
  }
  bytes[at++] = left;
  return at;
}

function indexBits(colours: number): number {
  if (colours <= 2) return 1;
  return colours <= 4 ? 2 : 4;
}

/** Runs of several equal pixels, and pixels that stand alone; runs go on from row to row. */
function countRuns({ pixels, width }: Picture, tile: Rect): { runs: number; singles: number } {
  let runs = 0;
  let singles = 0;
  let last = -1;
  let length = 0;
  for (let y = tile.y; y < tile.y + tile.height; y++) {
    const end = y * width + tile.x + tile.width;
    for (let i = end - tile.width; i < end; i++) {
      const colour = pixels[i] as number;
      if (colour === last) {
        length++;
        continue;
      }
      if (length > 1) runs++;
      else if (length === 1) singles++;
      last = colour;
      length = 1;
    }
  }
  return length > 1 ? { runs: runs + 1, singles } : { runs, singles: singles + 1 };
}
