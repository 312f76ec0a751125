import type { VmdkDescriptor } from './descriptor.js';

const SECTORS_PER_GIB = 2097152;
const IDE_MAX_CYLINDERS = 16383;

export interface Geometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectors: number;
}

/**
 * The geometry that ESX 3.5 gives a new disk. SCSI: 64 heads of 32 sectors below 1 GiB, 128 of 32 below 2 GiB, 255 of
 * 63 from there; IDE: 16 of 63 and at most 16383 cylinders (ATA-4).
 */
export function geometryFor(capacitySectors: number, adapterType: string): Geometry {
  if (adapterType === 'ide') {
    const cylinders = Math.min(IDE_MAX_CYLINDERS, Math.floor(capacitySectors / (16 * 63)));
    return { cylinders, heads: 16, sectors: 63 };
  }
  const [heads, sectors] =
    capacitySectors < SECTORS_PER_GIB
      ? [64, 32]
      : capacitySectors < 2 * SECTORS_PER_GIB
        ? [128, 32]
        : [255, 63];
  return { cylinders: Math.floor(capacitySectors / (heads * sectors)), heads, sectors };
}

/** The geometry a descriptor states, or undefined where it states none or nonsense. */
export function geometryOf(descriptor: VmdkDescriptor): Geometry | undefined {
  const [cylinders, heads, sectors] = ['cylinders', 'heads', 'sectors'].map(name => {
    const text = descriptor.get(`ddb.geometry.${name}`) ?? '';
    return /^\d{1,9}$/.test(text) ? Number(text) : 0;
  });
  return cylinders && heads && sectors ? { cylinders, heads, sectors } : undefined;
}
