import { expect, test } from 'vitest';
import { pixelCodec, putPixel, putPixels } from './pixel-codec.js';
import { BGR233, type PixelFormat, RGB888, readPixelFormat, writePixelFormat } from './pixel-format.js';

const RGB565: PixelFormat = { ...RGB888, bitsPerPixel: 16, depth: 16, max: [31, 63, 31], shift: [11, 5, 0] };

/** What 0x12a0ff is in each format, by hand from RFC 6143 7.4, 7.7.5 (TPIXEL: of the registry) and 7.7.6.1. */
test.each<[string, PixelFormat, { pixel: number[]; cpixel: number[]; tpixel: number[] }]>([
  [
    'the picture’s own',
    RGB888,
    { pixel: [0xff, 0xa0, 0x12, 0], cpixel: [0xff, 0xa0, 0x12], tpixel: [0x12, 0xa0, 0xff] },
  ],
  [
    'big endian',
    { ...RGB888, bigEndian: true },
    { pixel: [0, 0x12, 0xa0, 0xff], cpixel: [0x12, 0xa0, 0xff], tpixel: [0x12, 0xa0, 0xff] },
  ],
  [
    'colours in the high bytes',
    { ...RGB888, shift: [24, 16, 8] },
    { pixel: [0, 0xff, 0xa0, 0x12], cpixel: [0xff, 0xa0, 0x12], tpixel: [0x12, 0xa0, 0xff] },
  ],
  [
    'colours in the high bytes, big endian',
    { ...RGB888, bigEndian: true, shift: [24, 16, 8] },
    { pixel: [0x12, 0xa0, 0xff, 0], cpixel: [0x12, 0xa0, 0xff], tpixel: [0x12, 0xa0, 0xff] },
  ],
  [
    'depth 32',
    { ...RGB888, depth: 32 },
    { pixel: [0xff, 0xa0, 0x12, 0], cpixel: [0xff, 0xa0, 0x12, 0], tpixel: [0xff, 0xa0, 0x12, 0] },
  ],
  // 0x12 of 255 is 2 of 31, 0xa0 is 40 of 63, 0xff is 31 of 31: 0001 0101 0001 1111.
  ['16 bits', RGB565, { pixel: [0x1f, 0x15], cpixel: [0x1f, 0x15], tpixel: [0x1f, 0x15] }],
  [
    '16 bits, big endian',
    { ...RGB565, bigEndian: true },
    { pixel: [0x15, 0x1f], cpixel: [0x15, 0x1f], tpixel: [0x15, 0x1f] },
  ],
  // 0 of 7, 4 of 7, 3 of 3: 11 100 000.
  ['8 bits', BGR233, { pixel: [0xe0], cpixel: [0xe0], tpixel: [0xe0] }],
])('%s', (_, format, expected) => {
  const codec = pixelCodec(format);
  const pixels = Uint32Array.of(0, 0x12a0ff, 0x12a0ff);
  for (const form of ['pixel', 'cpixel', 'tpixel'] as const) {
    const one = new Uint8Array(8);
    expect([...one.subarray(0, putPixel(codec[form], 0x12a0ff, one, 0))]).toEqual(expected[form]);
    const two = new Uint8Array(16);
    const end = putPixels(codec[form], pixels, 1, 2, two, 1);
    expect([...two.subarray(1, end)]).toEqual([...expected[form], ...expected[form]]);
  }
  expect(readPixelFormat(writePixelFormat(format))).toEqual(format);
});
