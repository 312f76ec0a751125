import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { FrontDoorError } from './errors.js';

/** The paths of one host, all below its root folder. */
export class RootFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  readonly in = (...names: string[]): string => join(this.path, ...names);

  get initSocket(): string {
    return this.in('run/init/control.sock');
  }
  get vmkernelSocket(): string {
    return this.in('run/vmkernel/control.sock');
  }
  get initLog(): string {
    return this.in('var/log/init.log');
  }
  get passwordFile(): string {
    return this.in('password');
  }
  get lockFile(): string {
    return this.in('up.lock');
  }
  /** Present while the host is up and everything that `up` promises is done. */
  get completeMark(): string {
    return this.in('run/init/complete');
  }
  get inventory(): string {
    return this.in('console/etc/vmware/hostd/vmInventory.xml');
  }
  get storage(): string {
    return this.in('datastores/storage1');
  }
  serialSocket(worldId: number): string {
    return this.in('run/vmx', String(worldId), 'serial0.sock');
  }

  password(): string {
    try {
      return readFileSync(this.passwordFile, 'utf8').trim();
    } catch (cause) {
      throw new FrontDoorError('RootUnusable', `cannot read ${this.passwordFile}`, 'Only root may read it.', {
        cause,
      });
    }
  }

  /** Makes the folder. @throws FrontDoorError RootUnusable */
  prepare(): void {
    try {
      makeFolders(this.path);
      if (!statSync(this.path).isDirectory()) throw new Error('not a folder');
      accessSync(this.path, constants.W_OK);
    } catch (cause) {
      throw new FrontDoorError(
        'RootUnusable',
        `the host's folder cannot be used: ${this.path}: ${(cause as Error).message}`,
        'Name one that can be written with --root DIR.',
        { cause },
      );
    }
    this.#refuseLongPath();
  }

  /** Unix sockets take 107 bytes of path. */
  #refuseLongPath(): void {
    const longest = this.serialSocket(99999);
    if (Buffer.byteLength(longest) > 107)
      throw new FrontDoorError(
        'RootUnusable',
        `the host's folder has too long a path for its sockets: ${this.path}`,
        `Name a folder of at most ${107 - (longest.length - this.path.length)} bytes with --root DIR.`,
      );
  }
}

/** Level by level: Node's own recursive mkdir never returns below /proc. */
function makeFolders(path: string): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path));
  mkdirSync(path);
}

/** The tree this program was built from: dist/tools/esx/… lies in it. */
export function findTree(from: string): string {
  let folder = from;
  while (!existsSync(join(folder, 'package-lock.json'))) {
    const above = dirname(folder);
    if (above === folder) throw new FrontDoorError('RootUnusable', `no openesx tree above ${from}`);
    folder = above;
  }
  return folder;
}
