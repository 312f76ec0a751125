import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { aptPackagesFor, buildFirmware, buildGuests, GuestBuildError } from '../../guests/index.js';
import { installPackages } from './debian-packages.js';
import { FrontDoorError } from './errors.js';
import type { Progress } from './progress.js';
import type { RootFolder } from './root-folder.js';

const FIRMWARE = ['bios-256k.bin', 'vgabios-stdvga.bin'] as const;

/** The default guest's folder, below the first datastore. */
export const LINUX = { name: 'linux', vmxFile: 'linux/linux.vmx', prompt: /# (?:.\[6n)?$/ } as const;

export function hasLinux(root: RootFolder): boolean {
  return existsSync(join(root.storage, LINUX.vmxFile));
}

/** Puts the firmware, and with `guest` the default guest, into the host's folder. What is there already stays. */
export async function furnish(
  root: RootFolder,
  guest: boolean,
  tree: string,
  environment: NodeJS.ProcessEnv,
  progress: Progress,
): Promise<void> {
  const firmware = FIRMWARE.map(name => root.in('firmware', name));
  const needsGuest = guest && !hasLinux(root);
  if (firmware.every(path => existsSync(path)) && !needsGuest) return;
  await progress.step('Debian packages for the guest', () =>
    installPackages(aptPackagesFor(['linux']), environment),
  );
  mkdirSync(root.storage, { recursive: true });
  const options = {
    cacheDir: join(tree, 'guests/build'),
    recipesDir: join(tree, 'guests'),
    env: definedOnly(environment),
    onStep: () => undefined,
  };
  try {
    const built = needsGuest
      ? await progress.step('guest image', () => buildGuests(LINUX.name, root.storage, options))
      : { firmware: await progress.step('firmware', () => buildFirmware(options)) };
    placeFirmware(root, built.firmware);
  } catch (cause) {
    if (!(cause instanceof GuestBuildError)) throw cause;
    throw new FrontDoorError(
      'StepFailed',
      `the guest image could not be made: ${cause.message}`,
      "Check the machine's apt sources and network (apt-get update), then run this again.",
      { cause },
    );
  }
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

function definedOnly(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])),
  );
}
