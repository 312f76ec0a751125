import { describe, expect, it } from 'vitest';
import { GuestBuildError } from './../guest-build-error.js';
import { flatten } from './elf32.js';

/** An ELF file by its specification: two loadable segments with a hole between, the second before the first in the table. */
const elf = ({ entry = 0x1000000 } = {}): Buffer => {
  const file = Buffer.alloc(52 + 64 + 8);
  file.write('\x7fELF\x01\x01\x01', 0, 'latin1');
  file.writeUInt32LE(entry, 24);
  file.writeUInt32LE(52, 28);
  file.writeUInt16LE(32, 42);
  file.writeUInt16LE(2, 44);
  const segment = (at: number, offset: number, address: number, bytes: number): void => {
    file.writeUInt32LE(1, at);
    file.writeUInt32LE(offset, at + 4);
    file.writeUInt32LE(address + 0xc0000000, at + 8);
    file.writeUInt32LE(address, at + 12);
    file.writeUInt32LE(bytes, at + 16);
    file.writeUInt32LE(bytes + 4096, at + 20);
  };
  segment(52, 120, 0x1000010, 4);
  segment(84, 116, 0x1000000, 4);
  file.write('headtail', 116, 'latin1');
  return file;
};

describe('flatten', () => {
  it('lays the segments out by physical address, zeros between', () => {
    const { address, bytes } = flatten(elf());
    expect(address).toBe(0x1000000);
    expect(bytes.toString('latin1')).toBe(`head${'\0'.repeat(12)}tail`);
  });

  it('refuses a kernel that does not start at its first byte', () => {
    expect(() => flatten(elf({ entry: 0x1000004 }))).toThrow(GuestBuildError);
  });

  it('refuses a file cut at any byte', () => {
    const whole = elf();
    for (let length = 0; length < whole.length; length++) {
      expect(() => flatten(whole.subarray(0, length)), `${length} bytes`).toThrow(GuestBuildError);
    }
  });
});
