import type { ManagedObjectReference } from '../../../lib/vim/index.js';
import { defineClass, type ObjectClass } from '../../../lib/vim-server/index.js';
import { type Entity, entityClass } from './entity.js';
import { moids } from './moids.js';

export class Datacenter implements Entity {
  readonly ref = moids.datacenter;
  readonly objectClass: ObjectClass = datacenterClass;
  readonly name = 'ha-datacenter';
  readonly parent = moids.rootFolder;
  readonly #datastores: () => ManagedObjectReference[];

  constructor(dependencies: { datastores(): ManagedObjectReference[] }) {
    this.#datastores = dependencies.datastores;
  }

  datastores(): ManagedObjectReference[] {
    return this.#datastores();
  }

  recentTasks(): ManagedObjectReference[] {
    return [];
  }
}

export const datacenterClass: ObjectClass = defineClass<'Datacenter', Datacenter>(
  'Datacenter',
  {
    properties: {
      vmFolder: () => moids.vmFolder,
      hostFolder: () => moids.hostFolder,
      datastoreFolder: () => moids.datastoreFolder,
      networkFolder: () => moids.networkFolder,
      datastore: datacenter => datacenter.datastores(),
      network: () => [],
      configuration: () => ({}),
    },
    methods: {},
  },
  entityClass,
);
