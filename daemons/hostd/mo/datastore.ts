import type { DatastoreInfo as KernelDatastore } from '../../../kernel/abi/index.js';
import {
  type DatastoreCapability,
  type DatastoreInfo,
  type DatastoreSummary,
  type HostNasVolume,
  ManagedObjectReference,
  type NasDatastoreInfo,
} from '../../../lib/vim/index.js';
import { defineClass, type ObjectClass } from '../../../lib/vim-server/index.js';
import { type Entity, entityClass } from './entity.js';
import { browserOf } from './host-datastore-browser.js';
import { moids } from './moids.js';

/** Largest file that one of our NAS datastores takes, in bytes. */
export const maxFileSize = 2 ** 41;

export interface DatastoreDependencies {
  vms(datastore: Datastore): ManagedObjectReference[];
  recentTasks(datastore: Datastore): ManagedObjectReference[];
  /** Asks the VMkernel anew: free space changes without an event. */
  refresh(): Promise<void>;
  readonly hostName: () => string;
}

/** A datastore as the VMkernel last described it. */
export class Datastore implements Entity {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = datastoreClass;
  readonly parent: ManagedObjectReference = moids.datastoreFolder;
  readonly dependencies: DatastoreDependencies;
  #volume: KernelDatastore;

  constructor(volume: KernelDatastore, dependencies: DatastoreDependencies) {
    this.ref = new ManagedObjectReference('Datastore', volume.volume);
    this.#volume = volume;
    this.dependencies = dependencies;
  }

  get volume(): KernelDatastore {
    return this.#volume;
  }

  get name(): string {
    return this.#volume.label;
  }

  update(volume: KernelDatastore): void {
    this.#volume = volume;
  }

  recentTasks(): ManagedObjectReference[] {
    return this.dependencies.recentTasks(this);
  }
}

export function datastoreSummary(datastore: Datastore): DatastoreSummary {
  const { volume } = datastore;
  return {
    datastore: datastore.ref,
    name: volume.label,
    url: volume.path,
    capacity: volume.capacityBytes,
    freeSpace: volume.freeBytes,
    accessible: volume.accessible,
    multipleHostAccess: false,
    type: volume.type === 'NAS' ? 'NFS' : volume.type,
  };
}

function info(datastore: Datastore): DatastoreInfo {
  const { volume } = datastore;
  const nas: HostNasVolume = {
    type: 'NFS',
    name: volume.label,
    capacity: volume.capacityBytes,
    remoteHost: datastore.dependencies.hostName(),
    remotePath: volume.path,
  };
  const described: NasDatastoreInfo = {
    _type: 'NasDatastoreInfo',
    name: volume.label,
    url: volume.path,
    freeSpace: volume.freeBytes,
    maxFileSize,
    nas,
  };
  return described;
}

export function datastoreCapability(): DatastoreCapability {
  return {
    directoryHierarchySupported: true,
    rawDiskMappingsSupported: false,
    perFileThinProvisioningSupported: true,
    storageIORMSupported: false,
    nativeSnapshotSupported: false,
  };
}

export const datastoreClass: ObjectClass = defineClass<'Datastore', Datastore>(
  'Datastore',
  {
    properties: {
      info,
      summary: datastoreSummary,
      host: ({ volume }) => {
        const mountInfo = { path: volume.path, accessMode: 'readWrite', accessible: volume.accessible };
        return [{ key: moids.host, mountInfo }];
      },
      vm: datastore => datastore.dependencies.vms(datastore),
      browser: ({ ref }) => browserOf(ref),
      capability: datastoreCapability,
    },
    methods: {
      RefreshDatastore: datastore => datastore.dependencies.refresh(),
    },
  },
  entityClass,
);
