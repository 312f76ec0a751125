import { describe, expect, it } from 'vitest';
import { GuestBuildError } from '../guest-build-error.js';
import { layOut, secondStage } from './boot-disk.js';

const sizes = { setupBytes: 20480, kernelBytes: 1_000_001, initrdBytes: 513, rootBytes: 1024 * 1024 };

describe('layOut', () => {
  it('puts kernel and initrd one behind the other from 1 MiB and the root on the next whole MiB', () => {
    expect(layOut(sizes)).toEqual({
      setup: { sector: 2048, sectors: 40 },
      kernel: { sector: 2088, sectors: 1954 },
      initrd: { sector: 4042, sectors: 2 },
      rootSector: 4096,
      totalSectors: 4096 + 2048,
    });
  });
});

describe('secondStage', () => {
  const loader = Buffer.alloc(0xc00, 0x90);

  it('fills the table of boot.S in its order and ends the command line with a zero', () => {
    const zeroed = Buffer.from(loader).fill(0, 0x800);
    const stage = secondStage(zeroed, layOut(sizes), { address: 0x2400000, bytes: 513 }, 'quiet');
    const table = Array.from({ length: 9 }, (_, index) => stage.readUInt32LE(4 + index * 4));
    expect(table).toEqual([2048, 40, 2088, 1954, 0x100000, 4042, 2, 0x2400000, 513]);
    expect(stage.toString('latin1', 0x400, 0x406)).toBe('quiet\0');
  });

  it('refuses a command line that does not fit', () => {
    expect(() => secondStage(loader, layOut(sizes), { address: 0, bytes: 0 }, 'x'.repeat(1024))).toThrow(
      GuestBuildError,
    );
  });
});
