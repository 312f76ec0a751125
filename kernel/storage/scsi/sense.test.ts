import { describe, expect, it } from 'vitest';
import { encodeSense, senseOfErrno } from './sense.js';

function bytes(errno: number, writing: boolean, block: number): string {
  const out = new Uint8Array(18);
  encodeSense(senseOfErrno(errno, writing, block), out);
  return Buffer.from(out).toString('hex');
}

describe('sense of I/O errors', () => {
  it('is MEDIUM ERROR with the block, unrecovered read or write error', () => {
    expect(bytes(5, false, 0x01020304)).toBe('f00003010203040a00000000110000000000');
    expect(bytes(5, true, 7)).toBe('f00003000000070a000000000c0000000000');
  });

  it('leaves the information field invalid where the block does not fit into it', () => {
    expect(bytes(5, false, 2 ** 32)).toBe('700003000000000a00000000110000000000');
  });

  it('tells a full or read-only datastore and a lost one apart', () => {
    expect(bytes(28, true, 0)).toBe('700007000000000a00000000270700000000'); // ENOSPC
    expect(bytes(30, true, 0)).toBe('700007000000000a00000000270000000000'); // EROFS
    expect(bytes(107, false, 0)).toBe('700004000000000a00000000080000000000'); // ENOTCONN
  });
});
