import type { PixelEncoding } from '../encodings.js';
import type { RectEncoder } from './encoder.js';
import { HextileEncoder } from './hextile.js';
import { RawEncoder } from './raw.js';
import { TightEncoder } from './tight.js';
import { ZrleEncoder } from './zrle.js';

export type { RectEncoder } from './encoder.js';

/** @param level zlib's, 0 to 9 */
export function createEncoder(encoding: PixelEncoding, level: number): RectEncoder {
  switch (encoding) {
    case 'raw':
      return new RawEncoder();
    case 'hextile':
      return new HextileEncoder();
    case 'zrle':
      return new ZrleEncoder(level);
    case 'tight':
      return new TightEncoder(level);
  }
}
