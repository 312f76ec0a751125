import type { GuestRecipe } from '../guest-recipe.js';
import { fetchBusybox } from '../image/busybox.js';
import { deliverLinuxDisk } from '../image/linux-disk.js';
import { SOURCE_PACKAGE, tinyKernel } from './kernel.js';

const MIB = 1024 * 1024;

/** Every driver is in the kernel, which mounts the disk itself: no initrd. */
export const tinyRecipe: GuestRecipe = {
  name: 'tiny',
  sources: ['tiny', 'root', 'loader'],
  packages: async () => [SOURCE_PACKAGE, 'busybox-static'],
  build: async (workshop, apt, folder) => {
    const busybox = await fetchBusybox(apt);
    await deliverLinuxDisk(workshop, folder, {
      name: 'tiny',
      memoryMb: 32,
      rootBytes: 64 * MIB,
      diskId: 0x74696e79,
      bzImage: await tinyKernel(workshop, apt),
      initrd: { bytes: Buffer.alloc(0), address: 0 },
      commandLine:
        'console=tty1 console=ttyS0,115200 root=/dev/sda1 rw rootwait quiet no_timer_check tsc=reliable mitigations=off',
      busybox,
      skeletons: [workshop.recipe('root')],
      modules: undefined,
    });
  },
};
