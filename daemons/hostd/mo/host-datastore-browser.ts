import { type DataObject, ManagedObjectReference, type Methods, TypedValue } from '../../../lib/vim/index.js';
import {
  type CallContext,
  defineClass,
  type ManagedObject,
  type ObjectClass,
  vimFault,
} from '../../../lib/vim-server/index.js';
import type { DatastoreFile, DatastoreWork } from '../storage/datastore-work.js';
import { fileKinds, queryTypeOf } from '../storage/file-kinds.js';
import { FileSearch } from '../storage/file-search.js';

export interface DatastoreBrowserDependencies {
  readonly work: DatastoreWork;
  /** What it looks into. */
  datastores(): ManagedObjectReference[];
}

type Args = Methods['SearchDatastore_Task']['args'];

/** Looks for files: on one datastore, or on all of a host or a machine. */
export class HostDatastoreBrowser implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = hostDatastoreBrowserClass;
  readonly dependencies: DatastoreBrowserDependencies;

  constructor(ref: ManagedObjectReference, dependencies: DatastoreBrowserDependencies) {
    this.ref = ref;
    this.dependencies = dependencies;
  }

  search({ datastorePath, searchSpec = {} }: Args, call: CallContext): ManagedObjectReference {
    const at = this.#locate(datastorePath);
    const descriptionId = 'HostDatastoreBrowser.search';
    const task = { methodName: 'SearchDatastore_Task', descriptionId, call, changes: false };
    return this.dependencies.work.start(task, at, async (kernel, signal) => {
      const results = await new FileSearch(searchSpec, kernel, signal).folder(at);
      return new TypedValue('HostDatastoreBrowserSearchResults', false, results);
    });
  }

  searchSubFolders({ datastorePath, searchSpec = {} }: Args, call: CallContext): ManagedObjectReference {
    const at = this.#locate(datastorePath);
    const descriptionId = 'HostDatastoreBrowser.searchSubFolders';
    const task = { methodName: 'SearchDatastoreSubFolders_Task', descriptionId, call, changes: false };
    return this.dependencies.work.start(task, at, async (kernel, signal) => {
      const results = await new FileSearch(searchSpec, kernel, signal).subFolders(at);
      return new TypedValue('HostDatastoreBrowserSearchResults', true, results);
    });
  }

  async deleteFile({ datastorePath }: Methods['DeleteFile']['args']): Promise<void> {
    const { work } = this.dependencies;
    const { path } = work.locateFile(datastorePath);
    const at = this.#locate(datastorePath);
    await work.runCall(at, 'fileRemove', { path, recursive: true });
  }

  #locate(datastorePath: string): DatastoreFile {
    const { work, datastores } = this.dependencies;
    const at = work.locate(datastorePath);
    const { ref, name } = at.datastore;
    if (datastores().some(({ value }) => value === ref.value)) return at;
    throw vimFault('InvalidDatastore', { datastore: ref, name }, `${name} is not searched here.`);
  }
}

export function browserOf(datastore: ManagedObjectReference): ManagedObjectReference {
  return new ManagedObjectReference('HostDatastoreBrowser', `datastoreBrowser-${datastore.value}`);
}

export const hostDatastoreBrowserClass: ObjectClass = defineClass<
  'HostDatastoreBrowser',
  HostDatastoreBrowser
>('HostDatastoreBrowser', {
  properties: {
    datastore: browser => browser.dependencies.datastores(),
    supportedType: () => fileKinds.map((kind): DataObject => ({ _type: queryTypeOf(kind) })),
  },
  methods: {
    SearchDatastore_Task: (browser, args, call) => browser.search(args, call),
    SearchDatastoreSubFolders_Task: (browser, args, call) => browser.searchSubFolders(args, call),
    DeleteFile: (browser, args) => browser.deleteFile(args),
  },
});
