import { createHash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PrivateApt } from './apt/private-apt.js';
import { type Firmware, fetchFirmware } from './firmware.js';
import { GuestBuildError } from './guest-build-error.js';
import type { GuestRecipe } from './guest-recipe.js';
import { recipes } from './recipes.js';
import { Workshop, type WorkshopOptions } from './workshop.js';

export interface BuiltGuest {
  readonly name: string;
  readonly folder: string;
  readonly vmxPath: string;
  /** False when the folder was there already; it is never touched then, a running VM may own it. */
  readonly made: boolean;
}

export interface BuildResult {
  readonly guests: readonly BuiltGuest[];
  readonly firmware: Firmware;
}

/** The recipes that a word of the command line stands for. */
export const recipesFor = (what: string): readonly GuestRecipe[] => {
  const groups: Readonly<Record<string, readonly GuestRecipe[]>> = {
    all: recipes,
    asm: recipes.filter(recipe => recipe.name.startsWith('asm-')),
  };
  const one = recipes.filter(recipe => recipe.name === what);
  const found = groups[what] ?? one;
  if (found.length > 0) return found;
  const names = recipes.map(recipe => recipe.name).join(', ');
  throw new GuestBuildError('UnknownGuest', `no guest "${what}"; there are all, asm, ${names}`, {
    guest: what,
  });
};

/** Puts a VM folder per guest into `outDir`, and the BIOS into the cache. Finished images are kept by their recipe's hash. */
export const buildGuests = async (
  what: string,
  outDir: string,
  options: WorkshopOptions,
): Promise<BuildResult> => {
  const workshop = new Workshop(options);
  const apt = new PrivateApt(workshop);
  const guests: BuiltGuest[] = [];
  for (const recipe of recipesFor(what)) guests.push(await deliver(workshop, apt, recipe, outDir));
  return { guests, firmware: await fetchFirmware(apt) };
};

/** Only the BIOS, e.g. for a host without Linux guests. */
export const buildFirmware = (options: WorkshopOptions): Promise<Firmware> =>
  fetchFirmware(new PrivateApt(new Workshop(options)));

const deliver = async (
  workshop: Workshop,
  apt: PrivateApt,
  recipe: GuestRecipe,
  outDir: string,
): Promise<BuiltGuest> => {
  const folder = join(outDir, recipe.name);
  const guest = { name: recipe.name, folder, vmxPath: join(folder, `${recipe.name}.vmx`) };
  if (existsSync(guest.vmxPath)) return { ...guest, made: false };
  const image = workshop.cache('images', `${recipe.name}-${await recipeHash(workshop, apt, recipe)}`);
  if (!existsSync(image)) {
    await workshop.step(`build ${recipe.name}`, () =>
      workshop.publish(image, async draft => {
        await recipe.build(workshop, apt, draft);
        // Other users of the machine may bring up hosts from this tree.
        await workshop.run('chmod', ['-R', 'a+rX', draft]);
      }),
    );
  }
  await requireReadable(image);
  await workshop.step(`copy ${recipe.name}`, () =>
    workshop.publish(folder, async draft => {
      await workshop.run('cp', ['-R', '--sparse=always', '--reflink=auto', `${image}/.`, draft]);
    }),
  );
  return { ...guest, made: true };
};

/** An image of another user's may be his alone. */
const requireReadable = async (image: string): Promise<void> => {
  for (const name of await readdir(image)) {
    await access(join(image, name), constants.R_OK).catch((cause: unknown) => {
      const path = join(image, name);
      const cure = `its owner can change that: chmod -R a+rX ${image}`;
      throw new GuestBuildError(
        'Unreadable',
        `${path} is another user's; ${cure}`,
        { reason: path },
        { cause },
      );
    });
  }
};

const HASH_CHARS = 16;

const recipeHash = async (workshop: Workshop, apt: PrivateApt, recipe: GuestRecipe): Promise<string> => {
  const hash = createHash('sha256');
  for (const name of await recipe.packages(apt)) hash.update(`${name} ${await apt.version(name)}\n`);
  for (const path of [...recipe.sources, 'image']) {
    const files = await readdir(workshop.recipe(path), { recursive: true, withFileTypes: true });
    const names = files.filter(file => file.isFile()).map(file => join(file.parentPath, file.name));
    for (const name of names.filter(file => !file.endsWith('.test.ts')).sort()) {
      hash.update(`${name.slice(workshop.recipe().length)}\0`).update(await readFile(name));
    }
  }
  return hash.digest('hex').slice(0, HASH_CHARS);
};
