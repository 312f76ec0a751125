import type { ByteReader } from '../../lib/rfb/index.js';
import { Encoding } from '../../lib/rfb/index.js';

const Tight = { fill: 0x80, jpeg: 0x90, explicitFilter: 0x40, palette: 1 } as const;
const TPIXEL_BYTES = 3;
/** Shorter data is not compressed and has no length. */
const MIN_TO_COMPRESS = 12;

/**
 * How long a rectangle's data is, for pixels of 32 bits of which 24 are used (RFC 6143 7.7; Tight as in the community's
 * specification). @returns undefined while too little is there to tell
 */
export function rectBytes(
  input: ByteReader,
  encoding: number,
  width: number,
  height: number,
): number | undefined {
  switch (encoding) {
    case Encoding.raw:
      return width * height * 4;
    case Encoding.copyRect:
      return 4;
    case Encoding.zrle:
      return input.length < 4 ? undefined : 4 + input.u32(0);
    case Encoding.tight:
      return tightBytes(input, width, height);
    case Encoding.desktopSize:
      return 0;
    default:
      throw new RangeError(`encoding ${encoding}, which was not asked for`);
  }
}

function tightBytes(input: ByteReader, width: number, height: number): number | undefined {
  if (input.length < 3) return undefined;
  const control = input.u8(0) & 0xf0;
  if (control === Tight.fill) return 1 + TPIXEL_BYTES;
  if (control === Tight.jpeg) return withLength(input, 1);
  if ((control & Tight.explicitFilter) === 0) return compressed(input, 1, width * height * TPIXEL_BYTES);
  if (input.u8(1) !== Tight.palette) return compressed(input, 2, width * height * TPIXEL_BYTES);
  const colours = input.u8(2) + 1;
  const rowBytes = colours === 2 ? Math.ceil(width / 8) : width;
  return compressed(input, 3 + colours * TPIXEL_BYTES, rowBytes * height);
}

function compressed(input: ByteReader, at: number, plainBytes: number): number | undefined {
  return plainBytes < MIN_TO_COMPRESS ? at + plainBytes : withLength(input, at);
}

/** A length of one to three bytes, seven bits each, low ones first; then so many bytes. */
function withLength(input: ByteReader, at: number): number | undefined {
  let value = 0;
  for (let i = 0; i < 3; i++) {
    if (input.length <= at + i) return undefined;
    const byte = input.u8(at + i);
    value |= (i === 2 ? byte : byte & 0x7f) << (7 * i);
    if (byte < 0x80 || i === 2) return at + i + 1 + value;
  }
  return undefined;
}
