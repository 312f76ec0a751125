import { describe, expect, it } from 'vitest';
import { GuestBuildError } from '../guest-build-error.js';
import { parseBzImage, withProtectedMode } from './bzimage.js';

/** By Documentation/x86/boot.rst: two setup sectors after the boot sector, then the protected-mode part. */
const image = (): Buffer => {
  const bytes = Buffer.alloc(3 * 512 + 64);
  bytes[0x1f1] = 2;
  bytes.write('HdrS', 0x202, 'latin1');
  bytes.writeUInt16LE(0x20f, 0x206);
  bytes[0x211] = 1;
  bytes[0x234] = 1;
  bytes.writeUInt32LE(16, 0x248);
  bytes.writeUInt32LE(7, 0x24c);
  bytes.writeUInt32LE(0x1800000, 0x260);
  bytes.write('payload', 3 * 512 + 16, 'latin1');
  return bytes;
};

describe('parseBzImage', () => {
  it('finds the setup sectors and the payload', () => {
    const parsed = parseBzImage(image());
    expect(parsed.setup).toHaveLength(3 * 512);
    expect(parsed.payload.toString('latin1')).toBe('payload');
    expect(parsed.initBytes).toBe(0x1800000);
  });

  it('refuses a file cut before the end of its payload', () => {
    const whole = image();
    for (let length = 0; length < 3 * 512 + 16 + 7; length += 1) {
      expect(() => parseBzImage(whole.subarray(0, length)), `${length} bytes`).toThrow(GuestBuildError);
    }
  });
});

describe('withProtectedMode', () => {
  it('says where the new code runs, how long it is and how much memory it needs', () => {
    const changed = withProtectedMode(parseBzImage(image()), Buffer.from('new code'), 0x2000000);
    expect(changed.readUInt32LE(0x1f4)).toBe(1);
    expect(changed.readUInt32LE(0x214)).toBe(0x100000);
    expect(changed[0x234]).toBe(0);
    expect(changed.readUInt32LE(0x260)).toBe(0x1f00000);
    expect(changed.subarray(3 * 512).toString('latin1')).toBe('new code\0\0\0\0\0\0\0\0');
  });
});
