import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GuestBuildError } from '../guest-build-error.js';
import type { Workshop } from '../workshop.js';

const LOCK_WAIT_SECONDS = '900';

/**
 * Debian packages of the i386 architecture, downloaded and unpacked, never installed. apt runs with its own state, cache
 * and architecture, so the machine's lists, architectures and installed packages stay as they are; its sources, keys,
 * proxies and mirror are used.
 */
export class PrivateApt {
  constructor(private readonly workshop: Workshop) {}

  /** The folder of an unpacked package; a second call needs no network. */
  async unpacked(name: string): Promise<string> {
    const folder = this.workshop.cache('packages', name);
    if (!existsSync(folder)) {
      await this.workshop.step(`fetch ${name}`, () =>
        this.workshop.publish(folder, draft => this.download(name, draft)),
      );
    }
    return join(folder, 'root');
  }

  async version(name: string): Promise<string> {
    await this.unpacked(name);
    return readFile(this.workshop.cache('packages', name, 'version'), 'utf8');
  }

  /** The package that a metapackage stands for, e.g. linux-image-686's kernel. */
  async dependencyOf(metapackage: string, pattern: RegExp): Promise<string> {
    const folder = this.workshop.cache('resolved', metapackage);
    if (!existsSync(folder)) {
      await this.workshop.publish(folder, async draft => {
        const name = await this.resolve(metapackage, pattern);
        await writeFile(join(draft, 'name'), name);
      });
    }
    return readFile(join(folder, 'name'), 'utf8');
  }

  private async resolve(metapackage: string, pattern: RegExp): Promise<string> {
    await this.refreshOnce();
    const text = (await this.apt('apt-cache', ['depends', metapackage])).toString('utf8');
    const names = [...text.matchAll(/Depends: (\S+)/g)].map(match => match[1] ?? '');
    const found = names.find(name => pattern.test(name));
    if (found === undefined) throw missing(metapackage);
    return found;
  }

  private async download(name: string, draft: string): Promise<void> {
    await this.refreshOnce();
    const deb = await this.fetchDeb(name, draft).catch(async (error: unknown) => {
      // The lists may be older than the mirror: read them again, once.
      await this.refresh().catch(() => {
        throw error;
      });
      return this.fetchDeb(name, draft);
    });
    await mkdir(join(draft, 'root'));
    await this.workshop.run('dpkg-deb', ['-x', deb, join(draft, 'root')]);
    const version = await this.workshop.run('dpkg-deb', ['-f', deb, 'Version']);
    await writeFile(join(draft, 'version'), version.toString('utf8').trim());
    await this.workshop.run('rm', ['-f', deb]);
  }

  private async fetchDeb(name: string, folder: string): Promise<string> {
    try {
      await this.apt('apt-get', ['-q', 'download', name], folder);
    } catch (error) {
      if (
        error instanceof GuestBuildError &&
        /Unable to locate|No candidate|find a source/.test(error.message)
      ) {
        throw missing(name, error);
      }
      throw error;
    }
    const deb = (await readdir(folder)).find(file => file.endsWith('.deb'));
    if (deb === undefined) throw missing(name);
    return join(folder, deb);
  }

  private async refreshOnce(): Promise<void> {
    if (existsSync(this.workshop.cache('apt', 'refreshed'))) return;
    await this.refresh();
  }

  private async refresh(): Promise<void> {
    await this.workshop.step('read package lists (private apt, i386)', async () => {
      await this.prepare();
      // One broken index of several makes apt-get update fail although the others serve; what matters is
      // whether the packages are found afterwards.
      const failure = await this.apt('apt-get', ['-q', 'update']).then(
        () => undefined,
        (error: unknown) => error,
      );
      const lists = await readdir(this.workshop.cache('apt', 'state', 'lists'));
      if (failure !== undefined && !lists.some(file => file.includes('binary-i386'))) throw failure;
      await writeFile(this.workshop.cache('apt', 'refreshed'), '');
    });
  }

  private async prepare(): Promise<void> {
    for (const folder of ['state/lists/partial', 'cache/archives/partial']) {
      await mkdir(this.workshop.cache('apt', folder), { recursive: true });
    }
    const home = this.workshop.cache('apt');
    await writeFile(join(home, 'status'), '', { flag: 'a' });
    await writeFile(join(home, 'apt.conf'), aptConfiguration(home));
  }

  private async apt(tool: string, args: readonly string[], cwd?: string): Promise<Buffer> {
    await this.prepare();
    const lock = this.workshop.cache('apt', 'lock');
    return this.workshop.run('flock', ['-w', LOCK_WAIT_SECONDS, lock, tool, ...args], {
      env: { APT_CONFIG: this.workshop.cache('apt', 'apt.conf') },
      ...(cwd === undefined ? {} : { cwd }),
    });
  }
}

const missing = (name: string, cause?: unknown): GuestBuildError =>
  new GuestBuildError(
    'PackageMissing',
    `the package ${name} (i386) is not in this machine's apt sources; they must reach a Debian 12 mirror's main section`,
    { package: name },
    { cause },
  );

const aptConfiguration = (home: string): string =>
  [
    'APT::Architecture "i386";',
    'APT::Architectures { "i386"; };',
    'APT::Sandbox::User "root";',
    'Acquire::Languages "none";',
    'Acquire::Retries "3";',
    `Dir::State "${home}/state";`,
    `Dir::State::status "${home}/status";`,
    `Dir::Cache "${home}/cache";`,
    '',
  ].join('\n');
