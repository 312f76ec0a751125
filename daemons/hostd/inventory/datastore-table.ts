import type { DatastoreInfo } from '../../../kernel/abi/index.js';
import type { ManagedObjectReference } from '../../../lib/vim/index.js';
import type { ManagedObject, ObjectRegistry, TaskManager } from '../../../lib/vim-server/index.js';
import { Datastore } from '../mo/datastore.js';
import { moids } from '../mo/moids.js';
import type { InventoryEvents } from './inventory-events.js';

export interface DatastoreTableDependencies {
  readonly registry: ObjectRegistry;
  readonly tasks: TaskManager;
  /** As the VMkernel has them now. */
  list(): Promise<readonly DatastoreInfo[]>;
  vmsOn(datastore: Datastore): ManagedObjectReference[];
  /** What looks for files on a datastore: it comes and goes with it. */
  browserOf(datastore: Datastore): ManagedObject;
  hostName(): string;
  readonly events: InventoryEvents;
}

/** The host's datastores, kept equal to what the VMkernel lists. */
export class DatastoreTable {
  readonly #dependencies: DatastoreTableDependencies;
  readonly #datastores = new Map<
    string,
    { readonly datastore: Datastore; readonly browser: ManagedObject }
  >();
  #hasRead = false;

  constructor(dependencies: DatastoreTableDependencies) {
    this.#dependencies = dependencies;
  }

  all(): Datastore[] {
    return [...this.#datastores.values()].map(({ datastore }) => datastore);
  }

  refs(): ManagedObjectReference[] {
    return this.all().map(datastore => datastore.ref);
  }

  /** By volume id or by label. */
  find(name: string): Datastore | undefined {
    return this.#datastores.get(name)?.datastore ?? this.all().find(one => one.name === name);
  }

  /** Asks anew: free space changes without an event. */
  async read(): Promise<void> {
    const { registry } = this.#dependencies;
    const volumes = await this.#dependencies.list();
    const added = volumes.filter(volume => !this.#update(volume)).map(volume => this.#add(volume));
    const removed = this.#removeOthers(new Set(volumes.map(({ volume }) => volume)));
    this.#hasRead = true;
    if (added.length + removed.length === 0) return;
    const lists = [
      [moids.datastoreFolder, 'childEntity'],
      [moids.datacenter, 'datastore'],
      [moids.host, 'datastore'],
      [moids.computeResource, 'datastore'],
    ] as const;
    for (const [{ value }, property] of lists) {
      const holder = registry.find(value);
      if (holder !== undefined) registry.listChanged(holder, property, { added, removed });
    }
  }

  /** @returns whether the datastore is known */
  #update(volume: DatastoreInfo): boolean {
    const known = this.#datastores.get(volume.volume)?.datastore;
    if (known === undefined) return false;
    const oldName = known.name;
    known.update(volume);
    if (known.name !== oldName) this.#dependencies.events.datastoreRenamed(known, oldName);
    this.#dependencies.registry.changed(known, 'name', 'info', 'summary', 'host');
    return true;
  }

  #add(volume: DatastoreInfo): ManagedObjectReference {
    const { registry, tasks, vmsOn, hostName } = this.#dependencies;
    const datastore = new Datastore(volume, {
      vms: vmsOn,
      recentTasks: one => tasks.recentTasks(one),
      refresh: () => this.read(),
      hostName,
    });
    const browser = this.#dependencies.browserOf(datastore);
    this.#datastores.set(volume.volume, { datastore, browser });
    registry.add(browser);
    registry.add(datastore);
    // What was there when hostd began is not news.
    if (this.#hasRead) this.#dependencies.events.datastoreFound(datastore);
    return datastore.ref;
  }

  #removeOthers(volumes: ReadonlySet<string>): ManagedObjectReference[] {
    const gone = [...this.#datastores].filter(([volume]) => !volumes.has(volume));
    for (const [volume, { datastore, browser }] of gone) {
      this.#datastores.delete(volume);
      this.#dependencies.registry.remove(datastore);
      this.#dependencies.registry.remove(browser);
      this.#dependencies.events.datastoreGone(datastore);
    }
    return gone.map(([, { datastore }]) => datastore.ref);
  }
}
