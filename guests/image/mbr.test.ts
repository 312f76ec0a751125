import { describe, expect, it } from 'vitest';
import { GuestBuildError } from '../guest-build-error.js';
import { masterBootRecord, PARTITION_LINUX } from './mbr.js';

const partition = { type: PARTITION_LINUX, bootable: true, startSector: 2048, sectors: 4096 };

describe('masterBootRecord', () => {
  it('places code, disk identifier, partition and signature where the PC expects them', () => {
    const sector = masterBootRecord(Buffer.from([0xfa, 0xf4]), 0x11223344, [partition]);
    expect(sector).toHaveLength(512);
    expect([...sector.subarray(0, 3)]).toEqual([0xfa, 0xf4, 0]);
    expect(sector.toString('hex', 440, 444)).toBe('44332211');
    // 2048 = cylinder 0, head 32, sector 33; 6143 = cylinder 0, head 97, sector 33 (255 heads, 63 sectors).
    expect(sector.toString('hex', 446, 462)).toBe('80202100' + '83612100' + '00080000' + '00100000');
    expect(sector.toString('hex', 510)).toBe('55aa');
  });

  it('marks addresses beyond 1024 cylinders as such', () => {
    const sector = masterBootRecord(Buffer.alloc(0), 0, [{ ...partition, startSector: 20_000_000 }]);
    expect(sector.toString('hex', 447, 450)).toBe('feffff');
  });

  it('refuses code that would overwrite the partition table', () => {
    expect(() => masterBootRecord(Buffer.alloc(441), 0, [])).toThrow(GuestBuildError);
  });
});
