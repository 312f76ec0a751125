import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { VmkernelError } from '../abi/index.js';

const VOLUMES_ROOT = '/vmfs/volumes';
const VOLUMES_FILE = '.volumes.json';
const FIRST_LABEL = 'storage1';
const LABEL = /^[A-Za-z0-9][A-Za-z0-9 _.()-]{0,63}$/;
const VOLUME = /^[0-9a-f]{8}-[0-9a-f]{8}$/;
const MAX_PATH = 4096;
const MAX_NAME = 255;

/** A folder datastore. */
export interface Datastore {
  /** `8hex-8hex`, made once. */
  readonly volume: string;
  readonly label: string;
  /** Its folder on this machine. */
  readonly folder: string;
  /** `/vmfs/volumes/<volume>` */
  readonly shown: string;
}

export interface ResolvedPath {
  readonly datastore: Datastore;
  /** The place on this machine, for people and logs: access goes through the datastore's tree. */
  readonly machinePath: string;
  /** Normalised, '' for the datastore itself. */
  readonly relative: string;
  /** `/vmfs/volumes/<volume>/<relative>`: one spelling per file. */
  readonly canonical: string;
}

/** The datastores of a host, by volume id and by label. */
export class Datastores {
  readonly #all: readonly Datastore[];

  constructor(datastores: readonly Datastore[]) {
    this.#all = datastores;
  }

  get all(): readonly Datastore[] {
    return this.#all;
  }

  /** @throws VmkernelError NotFound for an unknown datastore, InvalidArgument for what is no path of a datastore file */
  resolve(path: string): ResolvedPath {
    const [, vmfs, volumes, name, ...rest] = path.split('/');
    const invalid = path.length > MAX_PATH || path.includes('\0') || !path.startsWith(`${VOLUMES_ROOT}/`);
    if (invalid || vmfs !== 'vmfs' || volumes !== 'volumes' || name === undefined)
      throw new VmkernelError('InvalidArgument', 'no path of a datastore file', {
        path: path.slice(0, MAX_PATH),
      });
    const datastore = this.#all.find(each => each.volume === name || each.label === name);
    if (datastore === undefined) throw new VmkernelError('NotFound', `no datastore ${name}`, { path });
    const parts = rest.filter(part => part !== '' && part !== '.');
    if (parts.includes('..')) throw new VmkernelError('PermissionDenied', `${path} leads out`, { path });
    if (parts.some(part => Buffer.byteLength(part) > MAX_NAME))
      throw new VmkernelError('InvalidArgument', 'name too long', { path });
    const relative = parts.join('/');
    const canonical = relative === '' ? datastore.shown : `${datastore.shown}/${relative}`;
    return { datastore, machinePath: join(datastore.folder, relative), relative, canonical };
  }
}

/**
 * Finds the datastores under `folder`, makes the first one, gives new ones their volume id. Volume ids are kept beside
 * the datastores, so that nobody's files hold them.
 */
export function loadDatastores(folder: string): Datastore[] {
  mkdirSync(join(folder, FIRST_LABEL), { recursive: true });
  const known = readVolumes(join(folder, VOLUMES_FILE));
  const labels = readdirSync(folder)
    .filter(
      name => LABEL.test(name) && statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory(),
    )
    .sort();
  const fresh = labels.filter(label => !known.has(label));
  for (const label of fresh) known.set(label, newVolume());
  if (fresh.length > 0) writeVolumes(join(folder, VOLUMES_FILE), known);
  return labels.map(label => {
    const volume = known.get(label) ?? '';
    return { volume, label, folder: join(folder, label), shown: `${VOLUMES_ROOT}/${volume}` };
  });
}

/** What the service console mounts. */
export function writeMountList(path: string, datastores: readonly Datastore[]): void {
  const list = datastores.map(({ volume, label, folder }) => ({ volume, label, path: folder }));
  writeWhole(path, `${JSON.stringify(list, null, 2)}\n`);
}

function readVolumes(path: string): Map<string, string> {
  if (!existsSync(path)) return new Map();
  const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const entries = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [];
  return new Map(entries.filter((entry): entry is [string, string] => VOLUME.test(String(entry[1]))));
}

function writeVolumes(path: string, volumes: ReadonlyMap<string, string>): void {
  writeWhole(path, `${JSON.stringify(Object.fromEntries(volumes), null, 2)}\n`);
}

function newVolume(): string {
  const hex = randomBytes(8).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}

function writeWhole(path: string, text: string): void {
  const temporary = `${path}.new`;
  writeFileSync(temporary, text, { mode: 0o600, flush: true });
  renameSync(temporary, path);
}
