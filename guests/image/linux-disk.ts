import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeBootDisk } from '../loader/boot-disk.js';
import type { Workshop } from '../workshop.js';
import { assemble } from './assemble.js';
import type { Busybox } from './busybox.js';
import type { KernelModule } from './kernel-module.js';
import { fillModules, fillRoot, makeExt4 } from './root-file-system.js';
import { describeVm, flatName } from './vm-folder.js';

export interface LinuxDisk {
  readonly name: string;
  readonly memoryMb: number;
  readonly rootBytes: number;
  readonly diskId: number;
  readonly bzImage: Buffer;
  readonly initrd: { readonly bytes: Buffer; readonly address: number };
  readonly commandLine: string;
  readonly busybox: Busybox;
  /** Folders copied over the root file system, in this order. */
  readonly skeletons: readonly string[];
  readonly modules: { readonly release: string; readonly list: readonly KernelModule[] } | undefined;
}

const BOOT_ADDRESS = 0x7c00;

/** Makes a Linux guest's disk and its VM's files in `folder`. */
export const deliverLinuxDisk = async (
  workshop: Workshop,
  folder: string,
  guest: LinuxDisk,
): Promise<void> => {
  const loader = await assemble(workshop, workshop.recipe('loader', 'boot.S'), { address: BOOT_ADDRESS });
  const diskBytes = await workshop.scratch(async scratch => {
    const rootImage = await workshop.step('make the root file system', () =>
      makeRootImage(workshop, scratch, guest),
    );
    return workshop.step('write the disk', () =>
      writeBootDisk(join(folder, flatName(guest.name)), {
        loader,
        bzImage: guest.bzImage,
        initrd: guest.initrd.bytes,
        initrdAddress: guest.initrd.address,
        commandLine: guest.commandLine,
        rootImage,
        rootBytes: guest.rootBytes,
        diskId: guest.diskId,
      }),
    );
  });
  const { name, memoryMb } = guest;
  await describeVm(folder, { name, guestOs: 'otherlinux', memoryMb, diskBytes });
};

const makeRootImage = async (workshop: Workshop, scratch: string, guest: LinuxDisk): Promise<string> => {
  const root = join(scratch, 'root');
  const image = join(scratch, 'root.ext4');
  await mkdir(root);
  await fillRoot(root, guest);
  if (guest.modules) await fillModules(root, guest.modules.release, guest.modules.list);
  await makeExt4(workshop, image, root, guest.rootBytes);
  return image;
};
