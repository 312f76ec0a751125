import type {
  HostFileSystemMountInfo,
  HostFileSystemVolumeInfo,
  HostNasVolume,
  HostStorageDeviceInfo,
} from '../../../../lib/vim/index.js';
import {
  defineClass,
  type ManagedObject,
  type ObjectClass,
  vimFault,
} from '../../../../lib/vim-server/index.js';
import type { Datastore } from '../datastore.js';
import { moids } from '../moids.js';
import { type HostFacts, hostName } from './host-facts.js';

export interface HostStorageSystemDependencies {
  readonly facts: HostFacts;
  /** `rescan` asks the VMkernel for its volumes anew. */
  inventory(): { datastores(): Datastore[]; rescan(): Promise<void> };
}

/** The host's storage. There are no adapters and LUNs: volumes are folders that the VMkernel serves. */
export class HostStorageSystem implements ManagedObject {
  readonly ref = moids.storageSystem;
  readonly objectClass: ObjectClass = hostStorageSystemClass;
  readonly dependencies: HostStorageSystemDependencies;

  constructor(dependencies: HostStorageSystemDependencies) {
    this.dependencies = dependencies;
  }

  fileSystemVolumeInfo(): HostFileSystemVolumeInfo {
    return {
      volumeTypeList: ['NFS'],
      mountInfo: this.dependencies
        .inventory()
        .datastores()
        .map(datastore => this.#mountOf(datastore)),
    };
  }

  #mountOf({ volume }: Datastore): HostFileSystemMountInfo {
    const described: HostNasVolume = {
      _type: 'HostNasVolume',
      type: 'NFS',
      name: volume.label,
      capacity: volume.capacityBytes,
      remoteHost: hostName(this.dependencies.facts),
      remotePath: volume.path,
    };
    const { path, accessible } = volume;
    return { mountInfo: { path, accessMode: 'readWrite', accessible }, volume: described };
  }
}

export const storageDeviceInfo: HostStorageDeviceInfo = {
  // hostBusAdapter stays unset: libvirt refuses to list pools of a host whose list of adapters is empty.
  scsiLun: [],
  scsiTopology: { adapter: [] },
  multipathInfo: { lun: [] },
  softwareInternetScsiEnabled: false,
};

export const hostStorageSystemClass: ObjectClass = defineClass<'HostStorageSystem', HostStorageSystem>(
  'HostStorageSystem',
  {
    properties: {
      storageDeviceInfo: () => storageDeviceInfo,
      fileSystemVolumeInfo: system => system.fileSystemVolumeInfo(),
      systemFile: () => [],
      multipathStateInfo: () => ({ path: [] }),
    },
    methods: {
      RescanAllHba: system => system.dependencies.inventory().rescan(),
      RescanHba: (_, { hbaDevice }) => {
        throw vimFault('NotFound', {}, `There is no host bus adapter ${hbaDevice}.`);
      },
      RescanVmfs: system => system.dependencies.inventory().rescan(),
      RefreshStorageSystem: system => system.dependencies.inventory().rescan(),
      RetrieveDiskPartitionInfo: () => [],
    },
  },
);
