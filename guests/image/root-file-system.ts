import { cp, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Workshop } from '../workshop.js';
import type { Busybox } from './busybox.js';
import { type KernelModule, modulesAlias, modulesDep } from './kernel-module.js';

const FOLDERS = [
  'bin',
  'dev',
  'etc',
  'home',
  'lib',
  'mnt',
  'proc',
  'root',
  'run',
  'sys',
  'tmp',
  'usr',
  'var',
];
const LINKS: Readonly<Record<string, string>> = {
  sbin: 'bin',
  'usr/bin': '../bin',
  'usr/sbin': '../bin',
  'var/run': '../run',
  'var/tmp': '../tmp',
};
/** Fixed, so that the same recipe gives the same file system. */
const FILE_SYSTEM_ID = '6f70656e-6573-7820-6775-657374202020';
const BUILD_TIME = '1700000000';

export interface RootContent {
  readonly name: string;
  readonly busybox: Busybox;
  readonly skeletons: readonly string[];
}

/** Fills `folder` with busybox under all its names, the skeletons and the host name. */
export const fillRoot = async (folder: string, content: RootContent): Promise<void> => {
  for (const name of FOLDERS) await mkdir(join(folder, name), { recursive: true });
  for (const [name, target] of Object.entries(LINKS)) await symlink(target, join(folder, name));
  await writeFile(join(folder, 'bin', 'busybox'), content.busybox.binary, { mode: 0o755 });
  for (const name of content.busybox.applets.filter(applet => applet !== 'busybox')) {
    await symlink('busybox', join(folder, 'bin', name));
  }
  for (const skeleton of content.skeletons) await cp(skeleton, folder, { recursive: true });
  await writeFile(join(folder, 'etc', 'hostname'), `${content.name}\n`);
};

export const fillModules = async (
  folder: string,
  release: string,
  modules: readonly KernelModule[],
): Promise<void> => {
  const home = join(folder, 'lib', 'modules', release);
  await mkdir(home, { recursive: true });
  for (const module of modules) await writeFile(join(home, `${module.name}.ko`), module.bytes);
  await writeFile(join(home, 'modules.dep'), modulesDep(modules));
  await writeFile(join(home, 'modules.alias'), modulesAlias(modules));
};

/** Makes `image`, an ext4 file system that holds `folder`, without mounting anything. */
export const makeExt4 = async (
  workshop: Workshop,
  image: string,
  folder: string,
  sizeBytes: number,
): Promise<void> => {
  await writeFile(image, '');
  await truncate(image, sizeBytes);
  // 64-bit block numbers and checksums cost the guest's engine; lazily made tables would keep an idle guest busy.
  await workshop.run(
    'mke2fs',
    [
      ...['-q', '-F', '-t', 'ext4', '-O', '^64bit,^metadata_csum', '-L', 'root', '-U', FILE_SYSTEM_ID],
      ...['-E', `lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0,hash_seed=${FILE_SYSTEM_ID}`],
      ...['-d', folder, image],
    ],
    { env: { E2FSPROGS_FAKE_TIME: BUILD_TIME } },
  );
};
