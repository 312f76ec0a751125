import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { aptPackagesFor, buildFirmware, buildGuests, GuestBuildError } from '../../guests/index.js';
import { VmkernelClient } from '../../kernel/client/index.js';
import { installPackages } from './debian-packages.js';
import { FrontDoorError } from './errors.js';
import { deliver, isOnDatastore } from './guest-delivery.js';
import type { Progress } from './progress.js';
import type { RootFolder } from './root-folder.js';

const FIRMWARE = ['bios-256k.bin', 'vgabios-stdvga.bin'] as const;

/** The tree that builds, and for whom. */
export interface Workplace {
  readonly tree: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly progress: Progress;
}

/** The default guest's folder, below the first datastore. */
export const LINUX = { name: 'linux', vmxFile: 'linux/linux.vmx', prompt: /# (?:.\[6n)?$/ } as const;

/**
 * Prepares what a host needs before it boots: the firmware, and with `guest` the default guest in a folder of its own,
 * from where {@link deliverLinux} puts it on the datastore. Nothing is written where the service console can reach.
 */
export async function furnish(root: RootFolder, guest: boolean, around: Workplace): Promise<void> {
  const { progress, environment } = around;
  const firmware = FIRMWARE.map(name => root.in('firmware', name));
  const isAbsent =
    guest && lstatSync(join(root.storage, LINUX.name), { throwIfNoEntry: false }) === undefined;
  if (firmware.every(path => existsSync(path)) && !isAbsent) return;
  await progress.step('Debian packages for the guest', () =>
    installPackages(aptPackagesFor(['linux']), environment),
  );
  const options = {
    cacheDir: join(around.tree, 'guests/build'),
    recipesDir: join(around.tree, 'guests'),
    env: definedOnly(environment),
    onStep: () => undefined,
  };
  try {
    rmSync(madeFolder(root), { recursive: true, force: true });
    const built = isAbsent
      ? await progress.step('guest image', () => buildGuests(LINUX.name, madeFolder(root), options))
      : { firmware: await progress.step('firmware', () => buildFirmware(options)) };
    placeFirmware(root, built.firmware);
  } catch (cause) {
    if (!(cause instanceof GuestBuildError)) throw cause;
    throw new FrontDoorError(
      'StepFailed',
      `the guest image could not be made: ${cause.message}`,
      cause.code === 'Unreadable'
        ? 'Then run this again.'
        : "Check the machine's apt sources and network (apt-get update), then run this again.",
      { cause },
    );
  }
}

/** Puts the default guest on the datastore of a host that runs; one that is there stays. */
export async function deliverLinux(root: RootFolder, around: Workplace): Promise<void> {
  const kernel = await VmkernelClient.connect(root.vmkernelSocket);
  try {
    if (!(await isOnDatastore(kernel.files, LINUX.name))) {
      if (!existsSync(join(madeFolder(root), LINUX.name))) await furnish(root, true, around);
      await around.progress.step('guest onto datastore storage1', () =>
        deliver(kernel.files, join(madeFolder(root), LINUX.name), LINUX.name),
      );
    }
    rmSync(madeFolder(root), { recursive: true, force: true });
  } finally {
    kernel.close();
  }
}

function madeFolder(root: RootFolder): string {
  return root.in('made');
}

function placeFirmware(root: RootFolder, built: { bios: string; vgaBios: string }): void {
  const folder = root.in('firmware');
  mkdirSync(folder, { recursive: true });
  for (const [name, source] of [
    [FIRMWARE[0], built.bios],
    [FIRMWARE[1], built.vgaBios],
  ] as const) {
    const target = join(folder, name);
    if (existsSync(target)) continue;
    const draft = `${target}.${randomBytes(4).toString('hex')}.tmp`;
    try {
      copyFileSync(source, draft);
      renameSync(draft, target);
    } finally {
      rmSync(draft, { force: true });
    }
  }
}

/** A program's environment without what is undefined. */
export function definedOnly(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])),
  );
}
