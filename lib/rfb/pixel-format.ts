import { RfbError } from './rfb-error.js';

/** RFC 6143 7.4. */
export interface PixelFormat {
  readonly bitsPerPixel: 8 | 16 | 32;
  readonly depth: number;
  readonly bigEndian: boolean;
  /** False: a colour map of 256 entries, which the server sets to {@link BGR233}'s colours. */
  readonly trueColour: boolean;
  readonly max: readonly [red: number, green: number, blue: number];
  readonly shift: readonly [red: number, green: number, blue: number];
}

export const PIXEL_FORMAT_BYTES = 16;

/** What the server offers: the picture's own form. */
export const RGB888: PixelFormat = {
  bitsPerPixel: 32,
  depth: 24,
  bigEndian: false,
  trueColour: true,
  max: [255, 255, 255],
  shift: [16, 8, 0],
};

/** Eight bits: three of red, three of green, two of blue. */
export const BGR233: PixelFormat = {
  bitsPerPixel: 8,
  depth: 8,
  bigEndian: false,
  trueColour: true,
  max: [7, 7, 3],
  shift: [0, 3, 6],
};

/** @param bytes the 16 bytes of PIXEL_FORMAT. @throws RfbError BadPixelFormat */
export function readPixelFormat(bytes: Buffer): PixelFormat {
  const bitsPerPixel = bytes.readUInt8(0);
  if (bitsPerPixel !== 8 && bitsPerPixel !== 16 && bitsPerPixel !== 32)
    throw new RfbError('BadPixelFormat', `${bitsPerPixel} bits per pixel`);
  const format = {
    bitsPerPixel,
    depth: bytes.readUInt8(1),
    bigEndian: bytes.readUInt8(2) !== 0,
    trueColour: bytes.readUInt8(3) !== 0,
  } as const;
  if (!format.trueColour) {
    if (bitsPerPixel !== 8)
      throw new RfbError('BadPixelFormat', `a colour map for ${bitsPerPixel} bits per pixel`);
    return { ...format, max: BGR233.max, shift: BGR233.shift };
  }
  const max = [bytes.readUInt16BE(4), bytes.readUInt16BE(6), bytes.readUInt16BE(8)] as const;
  const shift = [bytes.readUInt8(10), bytes.readUInt8(11), bytes.readUInt8(12)] as const;
  checkColours(bitsPerPixel, max, shift);
  return { ...format, max, shift };
}

/** Each maximum is 2ⁿ − 1, and the three fields lie in the pixel and apart from each other. */
function checkColours(bits: number, max: PixelFormat['max'], shift: PixelFormat['shift']): void {
  let used = 0;
  for (const [i, largest] of max.entries()) {
    const left = shift[i] ?? 0;
    if ((largest & (largest + 1)) !== 0)
      throw new RfbError('BadPixelFormat', `a colour's maximum of ${largest}`);
    if (left >= bits || largest * 2 ** left >= 2 ** bits)
      throw new RfbError('BadPixelFormat', `a colour outside of ${bits} bits`);
    const field = (largest << left) >>> 0;
    if ((used & field) !== 0) throw new RfbError('BadPixelFormat', 'colours that lie on each other');
    used |= field;
  }
}

export function writePixelFormat(format: PixelFormat): Buffer {
  const bytes = Buffer.alloc(PIXEL_FORMAT_BYTES);
  bytes.writeUInt8(format.bitsPerPixel, 0);
  bytes.writeUInt8(format.depth, 1);
  bytes.writeUInt8(Number(format.bigEndian), 2);
  bytes.writeUInt8(Number(format.trueColour), 3);
  for (const [i, largest] of format.max.entries()) bytes.writeUInt16BE(largest, 4 + 2 * i);
  for (const [i, left] of format.shift.entries()) bytes.writeUInt8(left, 10 + i);
  return bytes;
}
