import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workshop } from '../workshop.js';
import { PrivateApt } from './private-apt.js';

/** apt and dpkg as scripts: what they are called with, and their answers' form, is that of Debian 12's. */
const APT_GET = `#!/bin/sh
echo "apt-get $*" >>"$LOG"
grep -o 'Dir::State "[^"]*"' "$APT_CONFIG" >>"$LOG"
case "$*" in
*update*) [ -n "$NO_MIRROR" ] || touch "$(sed -n 's/^Dir::State "\\(.*\\)";/\\1/p' "$APT_CONFIG")/lists/m_binary-i386_Packages"
	echo 'E: Some index files failed to download.' >&2; exit 100 ;;
*busybox*) touch busybox-static_1_i386.deb ;;
*) echo "E: Unable to locate package" >&2; exit 100 ;;
esac
`;
const APT_CACHE = `#!/bin/sh
printf 'linux-image-686\\n  Depends: linux-image-6.1.0-50-686\\n'
`;
const DPKG_DEB = `#!/bin/sh
case $1 in -x) touch "$3/unpacked" ;; -f) echo 1:1.35.0-4 ;; esac
`;

describe('PrivateApt', () => {
  let home = '';
  const env = (extra: Record<string, string> = {}): Record<string, string> => ({
    PATH: `${home}/bin:/usr/bin:/bin`,
    LOG: join(home, 'log'),
    ...extra,
  });
  const apt = (extra: Record<string, string> = {}): PrivateApt =>
    new PrivateApt(
      new Workshop({
        cacheDir: join(home, 'cache'),
        recipesDir: home,
        env: env(extra),
        onStep: () => undefined,
      }),
    );

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'guests-apt-'));
    await mkdir(join(home, 'bin'));
    const tools = { 'apt-get': APT_GET, 'apt-cache': APT_CACHE, 'dpkg-deb': DPKG_DEB };
    for (const [name, script] of Object.entries(tools)) {
      await writeFile(join(home, 'bin', name), script);
      await chmod(join(home, 'bin', name), 0o755);
    }
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  it('unpacks a package although one of several indexes is broken, with state of its own', async () => {
    const root = await apt().unpacked('busybox-static');
    expect(existsSync(join(root, 'unpacked'))).toBe(true);
    expect(await apt().version('busybox-static')).toBe('1:1.35.0-4');
    expect(await readFile(join(home, 'log'), 'utf8')).toContain(
      `Dir::State "${join(home, 'cache/apt/state')}"`,
    );
  });

  it('needs no apt for a package that is there', async () => {
    await apt().unpacked('busybox-static');
    await rm(join(home, 'bin', 'apt-get'));
    await expect(apt().unpacked('busybox-static')).resolves.toContain('busybox-static');
  });

  it('finds the kernel that the metapackage stands for', async () => {
    await expect(apt().dependencyOf('linux-image-686', /^linux-image-\d/)).resolves.toBe(
      'linux-image-6.1.0-50-686',
    );
  });

  it('names a package that the sources do not have', async () => {
    await expect(apt().unpacked('nonesuch')).rejects.toMatchObject({
      code: 'PackageMissing',
      details: { package: 'nonesuch' },
    });
    expect(existsSync(join(home, 'cache/packages/nonesuch'))).toBe(false);
  });

  it('passes on what apt says when no mirror answers', async () => {
    await expect(apt({ NO_MIRROR: '1' }).unpacked('busybox-static')).rejects.toMatchObject({
      code: 'CommandFailed',
      message: expect.stringContaining('failed to download'),
    });
  });
});
