import type { ManagedObjectReference, VimSchema } from '../../lib/vim/index.js';
import {
  type AccessControl,
  AuthorizationManager,
  type EventEntity,
  type EventManager,
  inventoryChildren,
  inventoryScope,
  type ManagedObject,
  type ObjectRegistry,
  SessionManager,
  type SessionTable,
  type TaskManager,
  ViewManager,
} from '../../lib/vim-server/index.js';
import type { HostDependencies, HostOptions } from './host.js';
import type { HostInventory } from './inventory/host-inventory.js';
import { ComputeResource } from './mo/compute-resource.js';
import { Datacenter } from './mo/datacenter.js';
import { EnvironmentBrowser } from './mo/environment-browser.js';
import { FileManager } from './mo/file-manager.js';
import { Folder } from './mo/folder.js';
import type { HostFacts } from './mo/host/host-facts.js';
import type { HostManagers } from './mo/host/host-managers.js';
import { HostSystem } from './mo/host/host-system.js';
import { HostDatastoreBrowser } from './mo/host-datastore-browser.js';
import { HostDatastoreSystem } from './mo/host-datastore-system.js';
import { HostLocalAccountManager } from './mo/host-local-account-manager.js';
import { moids } from './mo/moids.js';
import { PerformanceManager } from './mo/performance-manager.js';
import { SearchIndex } from './mo/search-index.js';
import { ServiceInstance } from './mo/service-instance.js';
import { UserDirectory } from './mo/user-directory.js';
import { VirtualDiskManager } from './mo/virtual-disk-manager.js';
import type { PerfSampler } from './performance/index.js';
import type { DatastoreWork } from './storage/datastore-work.js';
import type { VmLife } from './vm-life/vm-life.js';
import type { VmkernelLink } from './vmkernel/vmkernel-link.js';

/** A host's parts, put together, of which its managed objects are made. */
export interface HostParts {
  readonly options: HostOptions;
  readonly dependencies: HostDependencies;
  readonly schema: VimSchema;
  readonly registry: ObjectRegistry;
  readonly events: EventManager;
  readonly tasks: TaskManager;
  readonly inventory: HostInventory;
  readonly files: DatastoreWork;
  readonly access: AccessControl;
  readonly sessions: SessionTable;
  readonly managers: HostManagers;
  readonly life: VmLife;
  readonly sampler: PerfSampler;
  readonly link: VmkernelLink;
  readonly facts: HostFacts;
  /** What an event that concerns the whole host is about. */
  entity(): EventEntity;
}

/** The managed objects that a host has from its start: services, files, and the inventory's tree. */
export class HostObjects {
  readonly #host: HostParts;

  constructor(host: HostParts) {
    this.#host = host;
  }

  all(): ManagedObject[] {
    return [...this.#services(), ...this.#entities()];
  }

  #services(): ManagedObject[] {
    const scope = inventoryScope(this.#host.schema, moid => this.#host.registry.find(moid));
    const { policy, tickets } = this.#host.dependencies;
    const sessionOptions = { moid: moids.sessionManager.value, accessRoot: moids.rootFolder };
    return [
      new ServiceInstance(this.#host.options.about),
      ...this.#host.managers.all(),
      new SessionManager(sessionOptions, {
        table: this.#host.sessions,
        policy,
        tickets,
        events: this.#host.events,
        registry: this.#host.registry,
      }),
      new ViewManager(moids.viewManager.value, {
        registry: this.#host.registry,
        scope,
        rootMoid: moids.rootFolder.value,
      }),
      new AuthorizationManager(moids.authorizationManager.value, {
        control: this.#host.access,
        sessions: this.#host.sessions,
        registry: this.#host.registry,
        events: this.#host.events,
      }),
      this.#host.tasks,
      this.#host.events,
      new SearchIndex({
        machines: this.#host.inventory,
        hostUuid: this.#host.options.uuid,
        hostName: () => this.#host.inventory.host?.hostName ?? '',
        find: moid => this.#host.registry.find(moid),
        children: object => inventoryChildren(scope, object),
      }),
      new UserDirectory(this.#host.dependencies.accounts),
      new PerformanceManager({
        sampler: this.#host.sampler,
        find: moid => this.#host.registry.find(moid),
        vms: () => this.#host.inventory.vmRefs(),
      }),
      new HostLocalAccountManager({
        accounts: this.#host.dependencies.accounts,
        tools: this.#host.dependencies.accountTools,
        access: this.#host.access,
        sessions: this.#host.sessions,
        events: this.#host.events,
        host: () => this.#host.entity(),
      }),
      new EnvironmentBrowser({
        schema: this.#host.schema,
        datastores: () => this.#host.inventory.datastores(),
        facts: () => this.#host.facts,
      }),
      ...this.#fileObjects(),
    ];
  }

  #fileObjects(): ManagedObject[] {
    const datastores = (): ManagedObjectReference[] => this.#host.inventory.datastoreRefs();
    return [
      new FileManager(this.#host.files),
      new VirtualDiskManager(this.#host.files),
      new HostDatastoreBrowser(moids.hostDatastoreBrowser, { work: this.#host.files, datastores }),
      new HostDatastoreSystem({ datastores }),
    ];
  }

  #entities(): ManagedObject[] {
    const { inventory, tasks } = this.#host;
    const { facts } = this.#host;
    const datastores = (): ManagedObjectReference[] => inventory.datastoreRefs();
    const vms = (): ManagedObjectReference[] => inventory.vmRefs();
    const recentTasks = (object: ManagedObject): ManagedObjectReference[] => tasks.recentTasks(object);
    return [
      ...this.#folders(),
      new Datacenter({ datastores }),
      new ComputeResource({ facts, datastores }),
      new HostSystem({
        facts,
        managers: this.#host.managers,
        datastores,
        vms,
        machines: () => inventory.vms(),
        recentTasks,
        memoryOverhead: (memoryMb, vcpus) => this.#memoryOverhead(memoryMb, vcpus),
      }),
      inventory.pools.root,
    ];
  }

  async #memoryOverhead(memoryMb: number, vcpus: number): Promise<number> {
    return (await this.#host.link.call('memoryOverhead', { memoryMb, vcpus })).overheadBytes;
  }

  #folders(): Folder[] {
    const recentTasks = (folder: Folder): ManagedObjectReference[] => this.#host.tasks.recentTasks(folder);
    const inDatacenter = (ref: ManagedObjectReference, name: string, type: string) => {
      return { ref, name, parent: moids.datacenter, childType: [type] };
    };
    return [
      new Folder(
        { ref: moids.rootFolder, name: 'ha-folder-root', parent: undefined, childType: ['Datacenter'] },
        { recentTasks, children: () => [moids.datacenter] },
      ),
      new Folder(inDatacenter(moids.vmFolder, 'vm', 'VirtualMachine'), {
        recentTasks,
        children: () => this.#host.inventory.vmRefs(),
        createVm: (folder, args, call) => this.#host.life.create(folder, args, call),
        registerVm: (folder, args, call) => this.#host.life.register(folder, args, call),
      }),
      new Folder(inDatacenter(moids.hostFolder, 'host', 'ComputeResource'), {
        recentTasks,
        children: () => [moids.computeResource],
      }),
      new Folder(inDatacenter(moids.datastoreFolder, 'datastore', 'Datastore'), {
        recentTasks,
        children: () => this.#host.inventory.datastoreRefs(),
      }),
      new Folder(inDatacenter(moids.networkFolder, 'network', 'Network'), {
        recentTasks,
        children: () => [],
      }),
    ];
  }
}
