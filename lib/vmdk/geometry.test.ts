import { describe, expect, it } from 'vitest';
import { geometryFor } from './index.js';

const GIB = 2097152;

describe('geometryFor', () => {
  it('follows ESX 3.5 for SCSI disks, by size', () => {
    expect(geometryFor(409600, 'buslogic')).toEqual({ cylinders: 200, heads: 64, sectors: 32 });
    expect(geometryFor(GIB - 1, 'lsilogic')).toEqual({ cylinders: 1023, heads: 64, sectors: 32 });
    expect(geometryFor(GIB, 'lsilogic')).toEqual({ cylinders: 512, heads: 128, sectors: 32 });
    expect(geometryFor(8 * GIB, 'lsilogic')).toEqual({ cylinders: 1044, heads: 255, sectors: 63 });
  });

  it('stays within ATA for IDE disks', () => {
    expect(geometryFor(GIB, 'ide')).toEqual({ cylinders: 2080, heads: 16, sectors: 63 });
    expect(geometryFor(100 * GIB, 'ide')).toEqual({ cylinders: 16383, heads: 16, sectors: 63 });
  });
});
