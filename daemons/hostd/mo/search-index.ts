import type { ManagedObjectReference } from '../../../lib/vim/index.js';
import {
  defineClass,
  type ManagedObject,
  managedObjectNotFound,
  type ObjectClass,
} from '../../../lib/vim-server/index.js';
import { parseDatastorePath } from '../inventory/datastore-path.js';
import type { Entity } from './entity.js';
import { moids } from './moids.js';
import type { VirtualMachine } from './virtual-machine.js';

export interface SearchIndexDependencies {
  vms(): VirtualMachine[];
  readonly hostUuid: string;
  find(moid: string): ManagedObject | undefined;
  children(object: ManagedObject): ManagedObject[] | undefined;
}

/** Finds what is in the inventory; nothing found is no fault. */
export class SearchIndex implements ManagedObject {
  readonly ref = moids.searchIndex;
  readonly objectClass: ObjectClass = searchIndexClass;
  readonly #dependencies: SearchIndexDependencies;

  constructor(dependencies: SearchIndexDependencies) {
    this.#dependencies = dependencies;
  }

  byUuid(uuid: string, vmSearch: boolean): ManagedObjectReference[] {
    const wanted = uuid.toLowerCase();
    if (!vmSearch) return wanted === this.#dependencies.hostUuid.toLowerCase() ? [moids.host] : [];
    const found = this.#dependencies.vms().filter(vm => {
      return vm.config.kind === 'read' && vm.config.info.uuid === wanted;
    });
    return found.map(vm => vm.ref);
  }

  byDatastorePath(path: string): ManagedObjectReference | undefined {
    const { datastore, file } = parseDatastorePath(path);
    const found = this.#dependencies.vms().find(vm => {
      const isThere = vm.datastore?.name === datastore || vm.path.datastore === datastore;
      return isThere && vm.path.file === file;
    });
    return found?.ref;
  }

  /** Names from below the root folder down, such as ha-datacenter/vm/linux. */
  byInventoryPath(path: string): ManagedObjectReference | undefined {
    let at = this.#dependencies.find(moids.rootFolder.value);
    for (const part of path.split('/').filter(name => name !== '')) {
      const next = at === undefined ? undefined : this.#childNamed(at, decodeName(part));
      if (next === undefined) return undefined;
      at = next;
    }
    return at?.ref;
  }

  child(entity: ManagedObjectReference, name: string): ManagedObjectReference | undefined {
    const object = this.#dependencies.find(entity.value);
    if (object === undefined) throw managedObjectNotFound(entity);
    return this.#childNamed(object, name)?.ref;
  }

  #childNamed(object: ManagedObject, name: string): ManagedObject | undefined {
    const children = this.#dependencies.children(object) ?? [];
    return children.find(child => (child as Partial<Entity>).name === name);
  }
}

/** In paths %2f stands for a slash within a name. */
function decodeName(part: string): string {
  return part.replace(/%(2f|5c|25)/gi, code => decodeURIComponent(code));
}

export const searchIndexClass: ObjectClass = defineClass<'SearchIndex', SearchIndex>('SearchIndex', {
  properties: {},
  methods: {
    FindByUuid: (index, args) => index.byUuid(args.uuid, args.vmSearch)[0],
    FindAllByUuid: (index, args) => index.byUuid(args.uuid, args.vmSearch),
    FindByDatastorePath: (index, args) => index.byDatastorePath(args.path),
    FindByInventoryPath: (index, args) => index.byInventoryPath(args.inventoryPath),
    FindChild: (index, args) => index.child(args.entity, args.name),
    // No guest reports its address or name yet, so no machine is found by them.
    FindByIp: () => undefined,
    FindByDnsName: () => undefined,
  },
});
