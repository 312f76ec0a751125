import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { PrivateApt } from '../apt/private-apt.js';
import { GuestBuildError } from '../guest-build-error.js';
import type { Workshop } from '../workshop.js';

export const SOURCE_PACKAGE = 'linux-source-6.1';
const HASH_CHARS = 16;

/** The tiny kernel's bzImage, compiled once for each configuration and source version. */
export const tinyKernel = async (workshop: Workshop, apt: PrivateApt): Promise<Buffer> => {
  const fragment = await readFile(workshop.recipe('tiny', 'kernel.config'));
  const version = await apt.version(SOURCE_PACKAGE);
  const hash = createHash('sha256').update(version).update('\0').update(fragment).digest('hex');
  const folder = workshop.cache('kernels', hash.slice(0, HASH_CHARS));
  if (!existsSync(folder)) {
    await workshop.publish(folder, draft => compile(workshop, apt, draft));
  }
  return readFile(join(folder, 'bzImage'));
};

const compile = async (workshop: Workshop, apt: PrivateApt, target: string): Promise<void> =>
  workshop.scratch(async scratch => {
    const archive = join(await apt.unpacked(SOURCE_PACKAGE), 'usr', 'src', `${SOURCE_PACKAGE}.tar.xz`);
    const source = join(scratch, 'source');
    const objects = join(scratch, 'objects');
    await workshop.step('unpack the kernel source', async () => {
      await mkdir(source);
      await mkdir(objects);
      await workshop.run('tar', ['-xJf', archive, '-C', source, '--strip-components=1']);
    });
    const jobs = `-j${availableParallelism()}`;
    const make = (...goals: string[]): Promise<Buffer> =>
      workshop.run(
        'nice',
        ['make', '-s', '-C', source, `O=${objects}`, 'ARCH=i386', 'LZ4=lz4', jobs, ...goals],
        {
          env: { KBUILD_BUILD_TIMESTAMP: '@0', KBUILD_BUILD_USER: 'openesx', KBUILD_BUILD_HOST: 'openesx' },
        },
      );
    await workshop.step('configure the tiny kernel', async () => {
      const fragment = workshop.recipe('tiny', 'kernel.config');
      await make('tinyconfig');
      const merge = join(source, 'scripts', 'kconfig', 'merge_config.sh');
      await workshop.run(merge, ['-m', '-O', objects, join(objects, '.config'), fragment], { cwd: source });
      await make('olddefconfig');
      await checkConfiguration(fragment, join(objects, '.config'));
    });
    await workshop.step('compile the tiny kernel', () => make('bzImage'));
    await copyFile(join(objects, 'arch', 'x86', 'boot', 'bzImage'), join(target, 'bzImage'));
    await writeFile(join(target, 'config'), await readFile(join(objects, '.config')));
  });

/** kconfig drops silently what it cannot satisfy. */
const checkConfiguration = async (fragmentPath: string, resultPath: string): Promise<void> => {
  const result = new Set((await readFile(resultPath, 'utf8')).split('\n'));
  const wanted = (await readFile(fragmentPath, 'utf8'))
    .split('\n')
    .filter(line => /^CONFIG_\w+=[^n]/.test(line));
  const dropped = wanted.filter(line => !result.has(line));
  if (dropped.length > 0) {
    throw new GuestBuildError('BadKernel', `this kernel source has no ${dropped.join(', ')}`, {
      reason: dropped.join(', '),
    });
  }
};
