import { beforeEach, describe, expect, test } from 'vitest';
import { ByteWriter } from '../byte-writer.js';
import type { PixelEncoding } from '../encodings.js';
import { piecesOf } from '../picture.js';
import { pixelCodec } from '../pixel-codec.js';
import { RGB888 } from '../pixel-format.js';
import { NoVncDecoders, NoVncPicture } from '../testing/novnc.js';
import { samplePictures } from '../testing/pictures.js';
import { createEncoder } from './index.js';

/** The format that noVNC asks for. */
const NOVNC_FORMAT = { ...RGB888, shift: [0, 8, 16] } as const;
const SIZES = [
  [1, 1],
  [16, 16],
  [17, 65],
  [200, 130],
  [320, 240],
] as const;

describe.each<PixelEncoding>(['raw', 'hextile', 'zrle', 'tight'])('%s', encoding => {
  let decoders: NoVncDecoders;
  beforeEach(async () => {
    decoders = await NoVncDecoders.load();
  });

  test('gives noVNC the picture, one after the other on the same streams', async () => {
    const encoder = createEncoder(encoding, 2);
    const codec = pixelCodec(NOVNC_FORMAT);
    const out = new ByteWriter();
    for (const [width, height] of SIZES)
      for (const [name, picture] of Object.entries(samplePictures(width, height))) {
        const seen = new NoVncPicture(width, height);
        for (const rect of piecesOf({ x: 0, y: 0, width, height })) {
          out.clear();
          await encoder.encode(picture, rect, codec, out);
          const used = decoders.decode(encoding, rect, out.view(), seen);
          expect(used, `${name} ${width}×${height}`).toBe(out.length);
        }
        expect(seen.matches(picture), `${name} ${width}×${height}`).toBe(true);
      }
    encoder.close();
  });

  test('takes a rectangle from the middle of the picture', async () => {
    const picture = samplePictures(300, 200).gradient ?? expect.unreachable();
    const encoder = createEncoder(encoding, 2);
    const out = new ByteWriter();
    const rect = { x: 33, y: 21, width: 101, height: 97 };
    await encoder.encode(picture, rect, pixelCodec(NOVNC_FORMAT), out);
    const seen = new NoVncPicture(300, 200);
    decoders.decode(encoding, rect, out.view(), seen);
    for (const [x, y] of [
      [33, 21],
      [133, 117],
      [80, 60],
    ] as const)
      expect(seen.pixels[y * 300 + x]).toBe(picture.pixels[y * 300 + x]);
    expect(seen.pixels[20 * 300 + 33]).toBe(0xff00ff);
    expect(seen.pixels[21 * 300 + 134]).toBe(0xff00ff);
    encoder.close();
  });
});

test('an encoder that is closed while it compresses gives up', async () => {
  const encoder = createEncoder('zrle', 2);
  const picture = samplePictures(64, 64).noise ?? expect.unreachable();
  const rect = { x: 0, y: 0, width: 64, height: 64 };
  const encoded = encoder.encode(picture, rect, pixelCodec(RGB888), new ByteWriter());
  encoder.close();
  await expect(encoded).rejects.toThrow('closed');
});
