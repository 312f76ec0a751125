import type { HostDatastoreSystemCapabilities, ManagedObjectReference } from '../../../lib/vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../../../lib/vim-server/index.js';
import { moids } from './moids.js';

export interface DatastoreSystemDependencies {
  datastores(): ManagedObjectReference[];
}

/** The datastores of the host, as their configuration is seen. */
export class HostDatastoreSystem implements ManagedObject {
  readonly ref = moids.datastoreSystem;
  readonly objectClass: ObjectClass = hostDatastoreSystemClass;
  readonly dependencies: DatastoreSystemDependencies;

  constructor(dependencies: DatastoreSystemDependencies) {
    this.dependencies = dependencies;
  }
}

export const datastoreCapabilities: HostDatastoreSystemCapabilities = {
  nfsMountCreationRequired: false,
  nfsMountCreationSupported: false,
  localDatastoreSupported: false,
  vmfsExtentExpansionSupported: false,
};

export const hostDatastoreSystemClass: ObjectClass = defineClass<'HostDatastoreSystem', HostDatastoreSystem>(
  'HostDatastoreSystem',
  {
    properties: {
      datastore: system => system.dependencies.datastores(),
      capabilities: () => datastoreCapabilities,
    },
    methods: {},
  },
);
