/** Keys that the product gives to controllers and to the first device of each kind. */
export const deviceKeys = {
  pci: 100,
  ide: 200,
  ps2: 300,
  sio: 400,
  video: 500,
  keyboard: 600,
  pointing: 700,
  scsi: 1000,
  scsiDisk: 2000,
  ideDevice: 3000,
  ethernet: 4000,
  floppy: 8000,
  serial: 9000,
  parallel: 10_000,
} as const;

/** The name in the configuration file of the device with a key, as `scsi0:1` of 2001; undefined for fixed devices. */
export function nodeOfKey(key: number): string | undefined {
  const within = (base: number, count: number): number | undefined => {
    return key >= base && key < base + count ? key - base : undefined;
  };
  const scsiDisk = within(deviceKeys.scsiDisk, 64);
  if (scsiDisk !== undefined) return `scsi${scsiDisk >> 4}:${scsiDisk & 15}`;
  const ide = within(deviceKeys.ideDevice, 4);
  if (ide !== undefined) return `ide${ide >> 1}:${ide & 1}`;
  for (const [name, base, count] of plainNodes) {
    const index = within(base, count);
    if (index !== undefined) return `${name}${index}`;
  }
  return undefined;
}

const plainNodes = [
  ['scsi', deviceKeys.scsi, 4],
  ['ethernet', deviceKeys.ethernet, 10],
  ['floppy', deviceKeys.floppy, 2],
  ['serial', deviceKeys.serial, 4],
  ['parallel', deviceKeys.parallel, 3],
] as const;
