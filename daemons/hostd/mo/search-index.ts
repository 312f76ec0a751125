import type { ManagedObjectReference } from '../../../lib/vim/index.js';
import {
  type CallContext,
  defineClass,
  type ManagedObject,
  managedObjectNotFound,
  type ObjectClass,
  vimFault,
} from '../../../lib/vim-server/index.js';
import { parseDatastorePath } from '../inventory/datastore-path.js';
import type { VmNames } from '../inventory/vm-names.js';
import type { Datastore } from './datastore.js';
import type { Entity } from './entity.js';
import { moids } from './moids.js';
import type { VirtualMachine } from './virtual-machine.js';
import { guestInfo } from './virtual-machine-views.js';

/** The machines as they are searched. */
export interface SearchedMachines {
  readonly names: VmNames;
  runningVms(): VirtualMachine[];
  /** By volume id or label. */
  datastore(name: string): Datastore | undefined;
  vmAt(path: { datastore: string; file: string }): VirtualMachine | undefined;
}

export interface SearchIndexDependencies {
  readonly machines: SearchedMachines;
  readonly hostUuid: string;
  hostName(): string;
  find(moid: string): ManagedObject | undefined;
  children(object: ManagedObject): ManagedObject[];
}

type Found = ManagedObjectReference[];

interface Scope {
  readonly datacenter?: ManagedObjectReference | undefined;
  readonly vmSearch: boolean;
}

/** Finds what is in the inventory; nothing found is no fault. */
export class SearchIndex implements ManagedObject {
  readonly ref = moids.searchIndex;
  readonly objectClass: ObjectClass = searchIndexClass;
  readonly #dependencies: SearchIndexDependencies;

  constructor(dependencies: SearchIndexDependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws VimFault ManagedObjectNotFound for a datacenter that is none, as the others do */
  byUuid(
    uuid: string,
    { instanceUuid = false, ...scope }: Scope & { instanceUuid?: boolean | undefined },
  ): Found {
    this.#requireDatacenter(scope.datacenter);
    const wanted = uuid.toLowerCase();
    const { machines, hostUuid } = this.#dependencies;
    if (!scope.vmSearch) return wanted === hostUuid.toLowerCase() ? [moids.host] : [];
    return machines.names.find(instanceUuid ? 'instanceUuid' : 'uuid', wanted).map(vm => vm.ref);
  }

  /** @throws VimFault InvalidDatastorePath, InvalidDatastore, ManagedObjectNotFound */
  byDatastorePath(datacenter: ManagedObjectReference, path: string): ManagedObjectReference | undefined {
    this.#requireDatacenter(datacenter);
    const { machines } = this.#dependencies;
    const { datastore, file } = parseDatastorePath(path);
    const { volume } = machines.datastore(datastore) ?? {};
    const names = volume === undefined ? [datastore] : [volume.volume, volume.label];
    const found = names.map(name => machines.vmAt({ datastore: name, file })).find(vm => vm !== undefined);
    if (found === undefined && volume === undefined) {
      throw vimFault('InvalidDatastore', { name: datastore }, `There is no datastore ${datastore}.`);
    }
    return found?.ref;
  }

  /** By the address that a running machine's guest tells. */
  byIp(ip: string, scope: Scope): Found {
    this.#requireDatacenter(scope.datacenter);
    if (!scope.vmSearch) return [];
    return this.#guests(guest => guest.ipAddress === ip);
  }

  /** By the name that a running machine's guest tells, or the host's own. */
  byDnsName(dnsName: string, scope: Scope): Found {
    this.#requireDatacenter(scope.datacenter);
    const wanted = dnsName.toLowerCase();
    if (scope.vmSearch) return this.#guests(guest => guest.hostName?.toLowerCase() === wanted);
    return this.#dependencies.hostName().toLowerCase() === wanted ? [moids.host] : [];
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

  /** @throws VimFault ManagedObjectNotFound */
  child(entity: ManagedObjectReference, name: string): ManagedObjectReference | undefined {
    const object = this.#dependencies.find(entity.value);
    if (object === undefined) throw managedObjectNotFound(entity);
    return this.#childNamed(object, name)?.ref;
  }

  #guests(isWanted: (guest: ReturnType<typeof guestInfo>) => boolean): Found {
    const running = this.#dependencies.machines.runningVms();
    return running.filter(vm => isWanted(guestInfo(vm))).map(vm => vm.ref);
  }

  /** All machines are in one folder, where the index knows them by name. */
  #childNamed(object: ManagedObject, name: string): ManagedObject | undefined {
    const { machines, children } = this.#dependencies;
    if (object.ref.value === moids.vmFolder.value) return machines.names.find('name', name)[0];
    return children(object).find(child => (child as Partial<Entity>).name === name);
  }

  #requireDatacenter(datacenter: ManagedObjectReference | undefined): void {
    if (datacenter === undefined || datacenter.value === moids.datacenter.value) return;
    throw managedObjectNotFound(datacenter);
  }
}

/** In paths %2f stands for a slash within a name. */
function decodeName(part: string): string {
  return part.replace(/%(2f|5c|25)/gi, code => decodeURIComponent(code));
}

/** What a caller may not see is not found. */
function seen({ session }: CallContext, found: readonly (ManagedObjectReference | undefined)[]): Found {
  const refs = found.filter(ref => ref !== undefined);
  return session === undefined ? refs : session.visible(refs);
}

export const searchIndexClass: ObjectClass = defineClass<'SearchIndex', SearchIndex>('SearchIndex', {
  properties: {},
  methods: {
    FindByUuid: (index, args, call) => seen(call, index.byUuid(args.uuid, args))[0],
    FindAllByUuid: (index, args, call) => seen(call, index.byUuid(args.uuid, args)),
    FindByDatastorePath: (index, args, call) =>
      seen(call, [index.byDatastorePath(args.datacenter, args.path)])[0],
    FindByInventoryPath: (index, args, call) => seen(call, [index.byInventoryPath(args.inventoryPath)])[0],
    FindChild: (index, args, call) => seen(call, [index.child(args.entity, args.name)])[0],
    FindByIp: (index, args, call) => seen(call, index.byIp(args.ip, args))[0],
    FindAllByIp: (index, args, call) => seen(call, index.byIp(args.ip, args)),
    FindByDnsName: (index, args, call) => seen(call, index.byDnsName(args.dnsName, args))[0],
    FindAllByDnsName: (index, args, call) => seen(call, index.byDnsName(args.dnsName, args)),
  },
});
