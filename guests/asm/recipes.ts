import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { GuestBuildError } from '../guest-build-error.js';
import type { GuestRecipe } from '../guest-recipe.js';
import { assemble } from '../image/assemble.js';
import { SECTOR_BYTES } from '../image/mbr.js';
import { describeVm, flatName } from '../image/vm-folder.js';

const BOOT_ADDRESS = 0x7c00;
const DISK_BYTES = 1024 * 1024;

/** A guest that is one boot sector on a disk of 1 MiB. */
const bootSectorGuest = (program: string, memoryMb: number): GuestRecipe => {
  const name = `asm-${program}`;
  return {
    name,
    sources: ['asm'],
    packages: async () => [],
    build: async (workshop, _apt, folder) => {
      const source = workshop.recipe('asm', `${program}.S`);
      const sector = await assemble(workshop, source, { address: BOOT_ADDRESS });
      if (sector.length !== SECTOR_BYTES) {
        throw new GuestBuildError(
          'TooLarge',
          `${program}.S makes ${sector.length} bytes instead of a sector`,
        );
      }
      const disk = await open(join(folder, flatName(name)), 'wx');
      try {
        await disk.truncate(DISK_BYTES);
        await disk.write(sector, 0, SECTOR_BYTES, 0);
      } finally {
        await disk.close();
      }
      await describeVm(folder, { name, guestOs: 'other', memoryMb, diskBytes: DISK_BYTES });
    },
  };
};

export const asmRecipes: readonly GuestRecipe[] = [
  bootSectorGuest('spinner', 8),
  bootSectorGuest('idler', 8),
  bootSectorGuest('ticker', 8),
  bootSectorGuest('toucher', 16),
  bootSectorGuest('counter', 8),
  bootSectorGuest('writer', 8),
  bootSectorGuest('painter', 8),
  bootSectorGuest('mover', 8),
];
