import type { DirectoryEntry, DiskInfo } from '../../../kernel/abi/index.js';
import { VmkernelError } from '../../../kernel/abi/index.js';
import type {
  FileInfo,
  FileQuery,
  HostDatastoreBrowserSearchResults,
  HostDatastoreBrowserSearchSpec,
  VmConfigFileQuery,
  VmDiskFileInfo,
  VmDiskFileQuery,
} from '../../../lib/vim/index.js';
import { vimFault } from '../../../lib/vim-server/index.js';
import { parseVmx, VmxError } from '../../../lib/vmx/index.js';
import { baseName } from '../inventory/datastore-path.js';
import { vmxReadBytes } from '../vm-config/vmx-limits.js';
import type { DatastoreFile, KernelCalls } from './datastore-work.js';
import { asksFor, type FileKind, infoTypeOf, kindOf, nameMatcher } from './file-kinds.js';

const maxFolders = 10_000;

interface Found {
  readonly entry: DirectoryEntry;
  readonly kind: FileKind | undefined;
}

/** One search of a client: which files, and what it wants to know of them. */
export class FileSearch {
  readonly #spec: HostDatastoreBrowserSearchSpec;
  readonly #kernel: KernelCalls;
  readonly #signal: AbortSignal;
  readonly #matches: (name: string) => boolean;

  constructor(spec: HostDatastoreBrowserSearchSpec, kernel: KernelCalls, signal: AbortSignal) {
    this.#spec = spec;
    this.#kernel = kernel;
    this.#signal = signal;
    this.#matches = nameMatcher(spec.matchPattern ?? [], spec.searchCaseInsensitive === true);
  }

  async folder(at: DatastoreFile): Promise<HostDatastoreBrowserSearchResults> {
    return this.#results(at, await this.#list(at));
  }

  /** The folder and all below it, each with what was found in it. */
  async subFolders(at: DatastoreFile): Promise<HostDatastoreBrowserSearchResults[]> {
    const results: HostDatastoreBrowserSearchResults[] = [];
    const waiting = [at];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (results.length >= maxFolders)
        throw vimFault('FileFault', { file: at.name }, `${at.name} has more than ${maxFolders} folders.`);
      const entries = await this.#list(next);
      results.push(await this.#results(next, entries));
      const folder = next;
      const folders = entries.filter(({ type }) => type === 'directory');
      waiting.unshift(...folders.map(({ name }) => inside(folder, name)));
    }
    return results;
  }

  async #list(at: DatastoreFile): Promise<DirectoryEntry[]> {
    this.#signal.throwIfAborted();
    const entries = await this.#kernel.files.list(at.path);
    // Symbolic links and the like lead nowhere a client may go.
    return entries.filter(({ type }) => type !== 'other').sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async #results(
    at: DatastoreFile,
    entries: readonly DirectoryEntry[],
  ): Promise<HostDatastoreBrowserSearchResults> {
    const found = entries
      .filter(({ name }) => this.#matches(name))
      .map((entry): Found => ({ entry, kind: kindOf(entry) }));
    const file: FileInfo[] = [];
    for (const one of this.#sorted(found)) {
      const info = await this.#describe(at, one);
      if (info !== undefined) file.push(info);
    }
    const folderPath = at.file === '' ? at.name : `${at.name}/`;
    return { datastore: at.datastore.ref, folderPath, file };
  }

  #sorted(found: readonly Found[]): readonly Found[] {
    if (this.#spec.sortFoldersFirst !== true) return found;
    const isFolder = ({ kind }: Found): boolean => kind === 'Folder';
    return [...found.filter(isFolder), ...found.filter(one => !isFolder(one))];
  }

  /** @returns undefined for a file that was not asked for */
  async #describe(at: DatastoreFile, found: Found): Promise<FileInfo | undefined> {
    const { query = [] } = this.#spec;
    const { entry, kind } = found;
    const asked = query.filter(one => asksFor(one, kind));
    if (query.length > 0 && asked.length === 0) return undefined;
    const info = this.#basics(found, asked.length > 0);
    if (asked.length === 0) return info;
    const { path } = inside(at, entry.name);
    if (kind === 'VmDisk') return this.#disk(at, { asked, basics: info });
    if (kind === 'VmConfig' || kind === 'TemplateConfig') return this.#config(path, asked, info);
    return info;
  }

  #basics({ entry, kind }: Found, typed: boolean): FileInfo {
    const { details } = this.#spec;
    return {
      _type: typed || details?.fileType === true ? infoTypeOf(kind) : 'FileInfo',
      path: entry.name,
      ...(details?.fileSize === true ? { fileSize: entry.sizeBytes } : {}),
      ...(details?.modification === true ? { modification: new Date(entry.modifiedMs) } : {}),
      ...(details?.fileOwner === true ? { owner: entry.owner === 0 ? 'root' : String(entry.owner) } : {}),
    };
  }

  async #disk(
    at: DatastoreFile,
    { asked, basics }: { asked: readonly FileQuery[]; basics: FileInfo },
  ): Promise<FileInfo | undefined> {
    const { path } = inside(at, basics.path);
    const info = await unlessBroken(this.#kernel.call('diskInfo', { path }));
    const queries = asked.filter(({ _type }) => _type === 'VmDiskFileQuery') as VmDiskFileQuery[];
    const fits = queries.length < asked.length || queries.some(({ filter }) => diskFits(info, filter));
    if (!fits) return undefined;
    // What cannot be described is a file by its name only: clients ask a disk for its UUID.
    if (info === undefined) return { ...basics, _type: 'FileInfo' };
    const flags = queries.map(({ details }) => details).filter(details => details !== undefined);
    const wants = (name: keyof DiskFlags): boolean => flags.some(flag => flag[name] === true);
    const allocatedBytes = info.extents.reduce((sum, extent) => sum + extent.allocatedBytes, 0);
    const described: VmDiskFileInfo = {
      ...basics,
      // A disk's size on its datastore is what its extents take.
      ...(basics.fileSize === undefined ? {} : { fileSize: Number(basics.fileSize) + allocatedBytes }),
      ...(wants('diskType') ? { diskType: diskTypeOf(info) } : {}),
      ...(wants('capacityKb') ? { capacityKb: info.sizeBytes / 1024 } : {}),
      ...(wants('hardwareVersion') ? { hardwareVersion: info.hardwareVersion } : {}),
      ...(wants('controllerType') ? { controllerType: controllerTypeOf(info) } : {}),
      ...(wants('diskExtents')
        ? { diskExtents: info.extents.map(extent => inside(at, baseName(extent.path)).name) }
        : {}),
      ...(wants('thin') ? { thin: info.thin } : {}),
    };
    return described;
  }

  async #config(path: string, asked: readonly FileQuery[], basics: FileInfo): Promise<FileInfo | undefined> {
    const queries = asked as VmConfigFileQuery[];
    const wanted = queries.some(({ details }) => details?.configVersion === true);
    const filters = queries.map(({ filter }) => filter?.matchConfigVersion ?? []);
    const isFiltered = filters.every(versions => versions.length > 0);
    if (!wanted && !isFiltered) return basics;
    const configVersion = await this.#configVersion(path);
    if (isFiltered && !filters.flat().some(version => version === configVersion)) return undefined;
    const isTemplate = basics._type === 'TemplateConfigFileInfo';
    return {
      ...basics,
      _type: isTemplate ? basics._type : 'VmConfigFileInfo',
      ...(wanted && configVersion !== undefined ? { configVersion } : {}),
    } as FileInfo;
  }

  async #configVersion(path: string): Promise<number | undefined> {
    try {
      const version = Number(
        parseVmx(await this.#kernel.files.read(path, 0, vmxReadBytes)).get('config.version'),
      );
      return Number.isInteger(version) ? version : undefined;
    } catch (error) {
      if (error instanceof VmxError || isAboutFile(error)) return undefined;
      throw error;
    }
  }
}

type DiskFlags = NonNullable<VmDiskFileQuery['details']>;

function inside(at: DatastoreFile, name: string): DatastoreFile {
  const file = at.file === '' ? name : `${at.file}/${name}`;
  const shown = at.file === '' ? `${at.name} ${name}` : `${at.name}/${name}`;
  return { datastore: at.datastore, file, path: `${at.path}/${name}`, name: shown };
}

/** What was removed, or is no descriptor, is not described: a search does not fail by one file. */
async function unlessBroken(asking: Promise<DiskInfo>): Promise<DiskInfo | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (isAboutFile(error)) return undefined;
    throw error;
  }
}

function isAboutFile(error: unknown): boolean {
  return error instanceof VmkernelError && error.code !== 'ConnectionLost' && error.code !== 'Cancelled';
}

function diskFits(info: DiskInfo | undefined, filter: VmDiskFileQuery['filter']): boolean {
  if (filter === undefined) return true;
  const { diskType = [], matchHardwareVersion = [], controllerType = [], thin } = filter;
  const isIn = <T>(wanted: readonly T[], value: T | undefined): boolean =>
    wanted.length === 0 || (value !== undefined && wanted.includes(value));
  return (
    isIn(diskType, info && diskTypeOf(info)) &&
    isIn(matchHardwareVersion, info?.hardwareVersion) &&
    isIn(controllerType, info && controllerTypeOf(info)) &&
    (thin === undefined || thin === info?.thin)
  );
}

function diskTypeOf({ createType, hardwareVersion }: DiskInfo): string {
  const version = hardwareVersion !== 0 && hardwareVersion < 4 ? 1 : 2;
  if (/RawDeviceMap/i.test(createType) || /^vmfsRDMP?$/i.test(createType))
    return 'VirtualDiskRawDiskMappingVer1BackingInfo';
  const isSparse = /sparse|streamOptimized/i.test(createType) && createType !== 'vmfsSparse';
  return `VirtualDisk${isSparse ? 'Sparse' : 'Flat'}Ver${version}BackingInfo`;
}

const controllerTypes: Readonly<Record<string, string>> = {
  ide: 'VirtualIDEController',
  buslogic: 'VirtualBusLogicController',
  lsilogic: 'VirtualLsiLogicController',
};

function controllerTypeOf({ adapterType = '' }: DiskInfo): string | undefined {
  return controllerTypes[adapterType.toLowerCase()];
}
