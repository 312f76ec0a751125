import { ByteWriter } from '../byte-writer.js';
import { DeflateStream } from '../deflate-stream.js';
import type { Rect } from '../display.js';
import { Encoding } from '../encodings.js';
import type { Picture } from '../picture.js';
import { type PixelCodec, type PixelTable, putPixel, putPixels } from '../pixel-codec.js';
import type { RectEncoder } from './encoder.js';
import { putIndices } from './packed.js';
import { MAX_COLOURS, Palette } from './palette.js';

const FILL = 0x80;
const EXPLICIT_FILTER = 0x40;
const PALETTE_FILTER = 1;
/** Shorter data goes as it is, without a length. */
const MIN_TO_COMPRESS = 12;
/** A palette of more than one colour for each so many pixels does not pay. */
const PIXELS_PER_COLOUR = 8;
/** The zlib streams: like is compressed with like. */
const Stream = { pixels: 0, twoColours: 1, palette: 2 } as const;

/** The community's Tight: one colour, a palette, or pixels, the latter two by zlib. Without JPEG: it is lossless. */
export class TightEncoder implements RectEncoder {
  readonly encoding = Encoding.tight;
  readonly #level: number;
  readonly #streams: (DeflateStream | undefined)[] = [];
  readonly #palette = new Palette();
  readonly #data = new ByteWriter();
  #closed = false;

  constructor(level: number) {
    this.#level = level;
  }

  encode(picture: Picture, rect: Rect, { tpixel }: PixelCodec, out: ByteWriter): void | Promise<void> {
    const area = rect.width * rect.height;
    // Colours of one byte need no palette of more than two.
    const most = tpixel.bytes === 1 ? 2 : Math.min(MAX_COLOURS, Math.ceil(area / PIXELS_PER_COLOUR) + 1);
    const palette = this.#palette;
    if (!palette.scan(picture, rect, most)) return this.#pixels(picture, rect, tpixel, out);
    if (palette.size === 1) {
      out.u8(FILL);
      this.#colours(tpixel, out);
      return;
    }
    const stream = palette.size === 2 ? Stream.twoColours : Stream.palette;
    out.u8((stream << 4) | EXPLICIT_FILTER);
    out.u8(PALETTE_FILTER);
    out.u8(palette.size - 1);
    this.#colours(tpixel, out);
    this.#data.clear();
    const bytes = this.#data.room(area);
    this.#data.length = putIndices(picture, rect, palette, palette.size === 2 ? 1 : 8, bytes, 0);
    return this.#send(stream, out);
  }

  close(): void {
    this.#closed = true;
    for (const stream of this.#streams) stream?.close();
  }

  #colours(table: PixelTable, out: ByteWriter): void {
    const { colours, size } = this.#palette;
    const bytes = out.room(size * table.bytes);
    for (let i = 0; i < size; i++) out.length = putPixel(table, colours[i] as number, bytes, out.length);
  }

  #pixels({ pixels, width }: Picture, rect: Rect, table: PixelTable, out: ByteWriter): void | Promise<void> {
    out.u8(Stream.pixels << 4);
    const data = this.#data;
    data.clear();
    const bytes = data.room(rect.width * rect.height * table.bytes);
    for (let y = rect.y; y < rect.y + rect.height; y++)
      data.length = putPixels(table, pixels, y * width + rect.x, rect.width, bytes, data.length);
    return this.#send(Stream.pixels, out);
  }

  #send(stream: number, out: ByteWriter): void | Promise<void> {
    if (this.#data.length >= MIN_TO_COMPRESS) return this.#compress(stream, out);
    out.append(this.#data.view());
  }

  async #compress(index: number, out: ByteWriter): Promise<void> {
    if (this.#closed) throw new Error('the viewer has left');
    const stream = this.#streams[index] ?? new DeflateStream(this.#level);
    this.#streams[index] = stream;
    const chunks = await stream.compress(this.#data.view());
    putLength(
      chunks.reduce((sum, chunk) => sum + chunk.length, 0),
      out,
    );
    for (const chunk of chunks) out.append(chunk);
  }
}

/** Seven bits in each of the first two bytes, eight in the third; the top bit says that another follows. */
function putLength(length: number, out: ByteWriter): void {
  let left = length;
  for (let i = 0; i < 2 && left >= 0x80; i++) {
    out.u8((left & 0x7f) | 0x80);
    left >>>= 7;
  }
  out.u8(left);
}
