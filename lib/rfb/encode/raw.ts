import type { ByteWriter } from '../byte-writer.js';
import type { Rect } from '../display.js';
import { Encoding } from '../encodings.js';
import type { Picture } from '../picture.js';
import { type PixelCodec, putPixels } from '../pixel-codec.js';
import type { RectEncoder } from './encoder.js';

/** RFC 6143 7.7.1. */
export class RawEncoder implements RectEncoder {
  readonly encoding = Encoding.raw;

  encode({ pixels, width }: Picture, rect: Rect, { pixel }: PixelCodec, out: ByteWriter): void {
    const bytes = out.room(rect.width * rect.height * pixel.bytes);
    for (let y = rect.y; y < rect.y + rect.height; y++)
      out.length = putPixels(pixel, pixels, y * width + rect.x, rect.width, bytes, out.length);
  }

  close(): void {
    return;
  }
}
