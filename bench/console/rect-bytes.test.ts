import { describe, expect, it } from 'vitest';
import { ByteReader, Encoding } from '../../lib/rfb/index.js';
import { rectBytes } from './rect-bytes.js';

const bytes = (...values: number[]): ByteReader => {
  const reader = new ByteReader();
  reader.push(Uint8Array.from(values));
  return reader;
};
const tight = (...values: number[]) => rectBytes(bytes(...values), Encoding.tight, 20, 3);

/** Expectations: RFC 6143 7.7, and Tight in the community's specification (rfbproto, 7.7.8). */
describe('the length of a rectangle', () => {
  it('is that of its pixels for Raw, and said at the front for ZRLE', () => {
    expect(rectBytes(bytes(), Encoding.raw, 20, 3)).toBe(240);
    expect(rectBytes(bytes(0, 0, 1, 2), Encoding.zrle, 20, 3)).toBe(262);
    expect(rectBytes(bytes(0, 0, 1), Encoding.zrle, 20, 3)).toBeUndefined();
  });

  it('is one colour for a filled rectangle of Tight', () => {
    expect(tight(0x80, 1, 2, 3)).toBe(4);
  });

  it("follows Tight's lengths of one, two and three bytes", () => {
    expect(tight(0x00, 0x7f, 0)).toBe(1 + 1 + 0x7f);
    // The specification's example: 10000 is 90h 4Eh.
    expect(tight(0x00, 0x90, 0x4e)).toBe(1 + 2 + 10_000);
    expect(tight(0x00, 0x80, 0x80, 0x01)).toBe(1 + 3 + 0x4000);
    expect(tight(0x00, 0x90)).toBeUndefined();
    expect(tight(0x90, 0x05, 0)).toBe(1 + 1 + 5);
  });

  it('counts filter and palette of Tight, and data that is too short to be compressed', () => {
    // Two colours: a bit for each pixel, rows of whole bytes: 9 bytes.
    expect(tight(0x50, 1, 1, 0, 0, 0, 9, 9, 9)).toBe(3 + 6 + 9);
    // Three colours: 60 bytes, compressed to 4.
    expect(tight(0x60, 1, 2, 0, 0, 0, 9, 9, 9, 8, 8, 8, 4)).toBe(3 + 9 + 1 + 4);
    expect(tight(0x40, 2, 5)).toBe(2 + 1 + 5);
  });

  it('refuses an encoding that was not asked for', () => {
    expect(() => rectBytes(bytes(), Encoding.hextile, 1, 1)).toThrow(RangeError);
  });
});
