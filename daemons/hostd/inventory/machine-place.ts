import { posix } from 'node:path';
import { vimFault } from '../../../lib/vim-server/index.js';
import type { Datastore } from '../mo/datastore.js';
import type { VmPlace } from '../vm-config/spec/spec-context.js';
import { parseDatastorePath } from './datastore-path.js';

export type FindDatastore = (name: string) => Datastore | undefined;

/**
 * `/vmfs/volumes/<volume>/…` of `[label] folder/file`, of `[label]` alone too.
 * @throws VimFault InvalidDatastorePath, InvalidDatastore
 */
export function resolveDatastorePath(find: FindDatastore, text: string): string {
  const bare = /^\[([^\][/\0]+)\]\s*$/.exec(text);
  const { datastore, file } =
    bare === null ? parseDatastorePath(text) : { datastore: bare[1] ?? '', file: '' };
  const found = find(datastore);
  if (found === undefined) {
    throw vimFault('InvalidDatastore', { name: datastore }, `There is no datastore ${datastore}.`);
  }
  const root = `/vmfs/volumes/${found.volume.volume}`;
  return file === '' ? root : `${root}/${file}`;
}

/** The place of a machine with the datastores that there are. */
export class MachinePlace implements VmPlace {
  readonly baseName: string;
  readonly folderPath: string;
  readonly #find: FindDatastore;
  readonly #taken: ReadonlySet<string>;

  /**
   * @param vmxPath `/vmfs/volumes/<volume>/<folder>/<file>.vmx`
   * @param names of what is in its folder
   */
  constructor(vmxPath: string, names: readonly string[], find: FindDatastore) {
    this.folderPath = posix.dirname(vmxPath);
    this.baseName = posix.basename(vmxPath).replace(/\.vmx$/i, '');
    this.#find = find;
    this.#taken = new Set(names);
  }

  resolve(datastorePath: string): string {
    return resolveDatastorePath(this.#find, datastorePath);
  }

  nameOf(path: string): string {
    return posix.dirname(path) === this.folderPath ? posix.basename(path) : path;
  }

  pathOf(nameInVmx: string): string {
    const path = posix.normalize(nameInVmx.startsWith('/') ? nameInVmx : `${this.folderPath}/${nameInVmx}`);
    const [, volume = '', rest = ''] = /^\/vmfs\/volumes\/([^/]+)(\/.*)?$/.exec(path) ?? [];
    const found = volume === '' ? undefined : this.#find(volume);
    return found === undefined ? path : `/vmfs/volumes/${found.volume.volume}${rest}`;
  }

  isTaken(path: string): boolean {
    return posix.dirname(path) === this.folderPath && this.#taken.has(posix.basename(path));
  }
}
