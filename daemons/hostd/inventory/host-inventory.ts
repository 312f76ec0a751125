import { type Change, type HostInfo, VmkernelError } from '../../../kernel/abi/index.js';
import type { ManagedObjectReference } from '../../../lib/vim/index.js';
import type {
  EventManager,
  ManagedObject,
  ObjectRegistry,
  TaskManager,
} from '../../../lib/vim-server/index.js';
import { Datastore } from '../mo/datastore.js';
import { moids } from '../mo/moids.js';
import { VirtualMachine } from '../mo/virtual-machine.js';
import type { VmkernelLink } from '../vmkernel/vmkernel-link.js';
import { type DatastorePath, parseDatastorePath } from './datastore-path.js';
import { SerialWork } from './serial-work.js';
import type { VmConfigReader } from './vm-config-reader.js';
import type { InventoryEntry, VmInventoryFile } from './vm-inventory-file.js';

export interface HostInventoryDependencies {
  readonly registry: ObjectRegistry;
  readonly tasks: TaskManager;
  readonly events: EventManager;
  readonly file: VmInventoryFile;
  link(): VmkernelLink;
  configReader(): VmConfigReader;
  hostMhz(): number;
  onError(error: unknown): void;
}

/** Moids of virtual machines are multiples of this. */
const moidStep = 16;

/**
 * The machines and datastores of the host, kept equal to what the VMkernel says: read whole when a connection
 * is made, and what the change feed names when it names it.
 */
export class HostInventory {
  readonly #dependencies: HostInventoryDependencies;
  readonly #vms = new Map<string, VirtualMachine>();
  readonly #datastores = new Map<string, Datastore>();
  readonly #work: SerialWork;
  #host: HostInfo | undefined;
  #lastMoid = 0;

  constructor(dependencies: HostInventoryDependencies) {
    this.#dependencies = dependencies;
    this.#work = new SerialWork(error => {
      // Everything is read anew once there is a connection again.
      const isLost = error instanceof VmkernelError && error.code === 'ConnectionLost';
      if (!isLost) dependencies.onError(error);
    });
  }

  get host(): HostInfo | undefined {
    return this.#host;
  }

  vms(): VirtualMachine[] {
    return [...this.#vms.values()];
  }

  vmRefs(): ManagedObjectReference[] {
    return this.vms().map(vm => vm.ref);
  }

  datastores(): Datastore[] {
    return [...this.#datastores.values()];
  }

  datastoreRefs(): ManagedObjectReference[] {
    return this.datastores().map(datastore => datastore.ref);
  }

  /** By volume id or by label. */
  datastore(name: string): Datastore | undefined {
    return this.#datastores.get(name) ?? this.datastores().find(one => one.name === name);
  }

  vmAt(path: DatastorePath): VirtualMachine | undefined {
    return this.vms().find(vm => vm.path.datastore === path.datastore && vm.path.file === path.file);
  }

  /** Registers what the inventory file lists; their files are read when the VMkernel answers. */
  async load(): Promise<void> {
    for (const { moid, vmxPath } of await this.#dependencies.file.read(reason =>
      this.#dependencies.onError(new Error(reason)),
    )) {
      this.#add(this.#makeVm(moid, parseDatastorePath(vmxPath)));
    }
  }

  /** Reads everything anew, after a connection to the VMkernel has been made. */
  refresh(): void {
    this.#work.add('all', async () => {
      this.#host = await this.#dependencies.link().call('hostInfo', {});
      this.#changed(moids.host, 'name', 'summary', 'runtime', 'hardware', 'config');
      this.#changed(moids.computeResource, 'name', 'summary');
      this.#changed(moids.rootPool, 'summary', 'runtime', 'config');
      await this.#readDatastores();
      await this.#readRunning();
      for (const vm of this.vms()) await this.reload(vm);
    });
  }

  note(change: Change): void {
    if (change.gap === true) this.refresh();
    else if (change.topic === 'storage') this.#work.add('storage', () => this.#readDatastores());
    else if (change.topic === 'vm') this.#work.add('running', () => this.#readRunning());
    else if (change.topic === 'config') this.#noteConfig(change.object);
  }

  /** The VMkernel does not answer: what is known is old, and machines may have ended. */
  noteDisconnected(): void {
    this.#changed(moids.host, 'summary', 'runtime');
    this.#changed(moids.computeResource, 'summary');
  }

  /** All that was to be read has been read. */
  settled(): Promise<void> {
    return this.#work.idle();
  }

  async reload(vm: VirtualMachine): Promise<void> {
    vm.setConfig(await this.#dependencies.configReader().read(vm));
  }

  /** A machine that is not yet registered, to be looked at before it is. */
  prepare(path: DatastorePath): VirtualMachine {
    return this.#makeVm(this.#freeMoid(), path);
  }

  /** The write of the file is the moment from which the machine is registered. */
  async commit(vm: VirtualMachine): Promise<void> {
    await this.#dependencies.file.write([...this.#entries(), entryOf(vm)]);
    this.#add(vm);
    this.#work.add('running', () => this.#readRunning());
  }

  async remove(vm: VirtualMachine): Promise<void> {
    await this.#dependencies.file.write(this.#entries().filter(entry => entry.moid !== vm.ref.value));
    this.#vms.delete(vm.ref.value);
    this.#dependencies.registry.remove(vm);
    this.#vmListChanged();
  }

  #add(vm: VirtualMachine): void {
    this.#vms.set(vm.ref.value, vm);
    this.#dependencies.registry.add(vm);
    this.#vmListChanged();
  }

  #vmListChanged(): void {
    this.#changed(moids.vmFolder, 'childEntity');
    this.#changed(moids.host, 'vm');
    this.#changed(moids.rootPool, 'vm');
    for (const datastore of this.datastores()) this.#dependencies.registry.changed(datastore, 'vm');
  }

  #entries(): InventoryEntry[] {
    return this.vms().map(entryOf);
  }

  #freeMoid(): string {
    const highest = Math.max(this.#lastMoid, ...[...this.#vms.keys()].map(Number));
    this.#lastMoid = highest + moidStep;
    return String(this.#lastMoid);
  }

  #makeVm(moid: string, path: DatastorePath): VirtualMachine {
    const { registry, tasks, events, hostMhz } = this.#dependencies;
    const link = (): VmkernelLink => this.#dependencies.link();
    return new VirtualMachine(moid, path, {
      registry,
      tasks,
      events,
      hostMhz,
      powerStateChanged: vm => this.#reloadLater(vm),
      power: {
        powerOn: vmxPath => link().call('powerOn', { vmxPath }),
        powerOff: vmxPath => link().call('powerOff', { vmxPath }),
        reset: vmxPath => link().call('reset', { vmxPath }),
      },
      unregister: vm => this.remove(vm),
      datastore: ({ datastore }) => this.datastore(datastore),
    });
  }

  async #readDatastores(): Promise<void> {
    const { datastores } = await this.#dependencies.link().call('listDatastores', {});
    const { registry, tasks } = this.#dependencies;
    for (const volume of datastores) {
      const known = this.#datastores.get(volume.volume);
      if (known !== undefined) {
        known.update(volume);
        registry.changed(known, 'name', 'info', 'summary', 'host');
        continue;
      }
      const datastore = new Datastore(volume, {
        vms: one =>
          this.vms()
            .filter(vm => vm.datastore === one)
            .map(vm => vm.ref),
        recentTasks: one => tasks.recentTasks(one),
        refresh: () => this.#readDatastores(),
        hostName: () => this.#host?.hostName ?? 'localhost',
      });
      this.#datastores.set(volume.volume, datastore);
      registry.add(datastore);
    }
    for (const gone of this.datastores().filter(
      one => !datastores.some(({ volume }) => volume === one.volume.volume),
    )) {
      this.#datastores.delete(gone.volume.volume);
      registry.remove(gone);
    }
    for (const ref of [moids.datastoreFolder, moids.datacenter, moids.host, moids.computeResource]) {
      this.#changed(ref, 'childEntity', 'datastore');
    }
  }

  async #readRunning(): Promise<void> {
    const { vms } = await this.#dependencies.link().call('listVms', {});
    const byPath = new Map(vms.map(vm => [vm.vmxPath, vm]));
    for (const vm of this.vms()) vm.setRun(byPath.get(vm.vmxPath));
    this.#changed(moids.rootPool, 'summary', 'runtime');
  }

  #noteConfig(object: string): void {
    const vm = this.vms().find(one => one.vmxPath === object);
    if (vm !== undefined) this.#reloadLater(vm);
  }

  #reloadLater(vm: VirtualMachine): void {
    this.#work.add(`config ${vm.vmxPath}`, () => this.reload(vm));
  }

  #changed(ref: ManagedObjectReference, ...properties: string[]): void {
    const object: ManagedObject | undefined = this.#dependencies.registry.find(ref.value);
    if (object !== undefined) this.#dependencies.registry.changed(object, ...properties);
  }
}

function entryOf(vm: VirtualMachine): InventoryEntry {
  return { moid: vm.ref.value, vmxPath: vm.vmxPath };
}
