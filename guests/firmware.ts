import { join } from 'node:path';
import type { PrivateApt } from './apt/private-apt.js';

export interface Firmware {
  readonly bios: string;
  readonly vgaBios: string;
}

/** Debian's SeaBIOS: paths in the cache. */
export const fetchFirmware = async (apt: PrivateApt): Promise<Firmware> => {
  const folder = join(await apt.unpacked('seabios'), 'usr', 'share', 'seabios');
  return { bios: join(folder, 'bios-256k.bin'), vgaBios: join(folder, 'vgabios-stdvga.bin') };
};
