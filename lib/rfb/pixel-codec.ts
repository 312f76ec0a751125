import type { PixelFormat } from './pixel-format.js';

/** How a colour of the picture becomes bytes: the value of a pixel is `red[r] | green[g] | blue[b]`, low byte first. */
export interface PixelTable {
  readonly bytes: 1 | 2 | 3 | 4;
  readonly red: Uint32Array;
  readonly green: Uint32Array;
  readonly blue: Uint32Array;
  /** The value is the picture's own 0x00RRGGBB. */
  readonly identity: boolean;
}

/** The three forms in which encodings write a pixel of one format. */
export interface PixelCodec {
  /** PIXEL: as SetPixelFormat says. */
  readonly pixel: PixelTable;
  /** CPIXEL of ZRLE: three bytes where the colours fit in them. */
  readonly cpixel: PixelTable;
  /** TPIXEL of Tight: red, green, blue where a pixel has 32 bits and depth 24. */
  readonly tpixel: PixelTable;
}

export function pixelCodec(format: PixelFormat): PixelCodec {
  const pixel = pixelTable(format);
  return { pixel, cpixel: compactTable(format, pixel), tpixel: tightTable(format, pixel) };
}

/** @returns the value of a colour 0x00RRGGBB */
export function pixelValue(table: PixelTable, colour: number): number {
  const { red, green, blue } = table;
  return (
    ((red[(colour >>> 16) & 255] ?? 0) | (green[(colour >>> 8) & 255] ?? 0) | (blue[colour & 255] ?? 0)) >>> 0
  );
}

/** Writes one pixel. @returns the offset behind it */
export function putPixel(table: PixelTable, colour: number, out: Uint8Array, at: number): number {
  let value = pixelValue(table, colour);
  for (let i = 0; i < table.bytes; i++) {
    out[at + i] = value;
    value >>>= 8;
  }
  return at + table.bytes;
}

/** Writes `count` pixels from `from` on. @returns the offset behind them */
export function putPixels(
  table: PixelTable,
  pixels: Uint32Array,
  from: number,
  count: number,
  out: Uint8Array,
  at: number,
): number {
  if (table.identity) {
    out.set(new Uint8Array(pixels.buffer, pixels.byteOffset + from * 4, count * 4), at);
    return at + count * 4;
  }
  const { red, green, blue, bytes } = table;
  let next = at;
  for (let i = from; i < from + count; i++) {
    const colour = pixels[i] as number;
    const value =
      (red[(colour >>> 16) & 255] as number) |
      (green[(colour >>> 8) & 255] as number) |
      (blue[colour & 255] as number);
    out[next++] = value;
    if (bytes > 1) out[next++] = value >>> 8;
    if (bytes > 2) out[next++] = value >>> 16;
    if (bytes > 3) out[next++] = value >>> 24;
  }
  return next;
}

function pixelTable(format: PixelFormat): PixelTable {
  const [red, green, blue] = [0, 1, 2].map(i => colourTable(format, i)) as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  const { bitsPerPixel, bigEndian, max, shift } = format;
  const identity =
    bitsPerPixel === 32 && !bigEndian && max.every(m => m === 255) && shift.join() === '16,8,0';
  return { bytes: (bitsPerPixel / 8) as 1 | 2 | 4, red, green, blue, identity };
}

function colourTable({ bitsPerPixel, bigEndian, max, shift }: PixelFormat, i: number): Uint32Array {
  const largest = max[i] ?? 0;
  return Uint32Array.from({ length: 256 }, (_, level) => {
    const value = (Math.round((level * largest) / 255) << (shift[i] ?? 0)) >>> 0;
    return bigEndian ? swapBytes(value, bitsPerPixel) : value;
  });
}

function swapBytes(value: number, bits: number): number {
  if (bits === 8) return value;
  if (bits === 16) return ((value & 0xff) << 8) | ((value >>> 8) & 0xff);
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | ((value >>> 24) & 0xff)) >>> 0;
}

function compactTable(format: PixelFormat, pixel: PixelTable): PixelTable {
  if (format.bitsPerPixel !== 32 || !format.trueColour || format.depth > 24) return pixel;
  const fields = format.max.map((largest, i) => (largest << (format.shift[i] ?? 0)) >>> 0);
  const used = fields.reduce((all, field) => (all | field) >>> 0, 0);
  const inLow = used < 2 ** 24;
  const inHigh = (used & 0xff) === 0;
  if (!inLow && !inHigh) return pixel;
  // Which end of the four bytes is unused: the colours' low bytes are first or last by the byte order.
  const dropFirst = inLow ? format.bigEndian : !format.bigEndian;
  const cut = (table: Uint32Array) => table.map(value => (dropFirst ? value >>> 8 : value & 0xffffff));
  return { bytes: 3, red: cut(pixel.red), green: cut(pixel.green), blue: cut(pixel.blue), identity: false };
}

function tightTable(format: PixelFormat, pixel: PixelTable): PixelTable {
  const { bitsPerPixel, depth, trueColour, max } = format;
  if (bitsPerPixel !== 32 || depth !== 24 || !trueColour || max.some(m => m !== 255)) return pixel;
  const levels = (shift: number) => Uint32Array.from({ length: 256 }, (_, level) => level << shift);
  return { bytes: 3, red: levels(0), green: levels(8), blue: levels(16), identity: false };
}
