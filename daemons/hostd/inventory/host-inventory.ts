import { type Change, type HostInfo, VmkernelError } from '../../../kernel/abi/index.js';
import type { ManagedObjectReference } from '../../../lib/vim/index.js';
import type {
  EventManager,
  ListChange,
  ManagedObject,
  ObjectRegistry,
  TaskManager,
} from '../../../lib/vim-server/index.js';
import type { HostAccount } from '../machine/host-account.js';
import type { Datastore } from '../mo/datastore.js';
import { moids } from '../mo/moids.js';
import { VirtualMachine } from '../mo/virtual-machine.js';
import type { VmConfigState, VmRunState } from '../mo/virtual-machine-state.js';
import type { ConsoleDoor } from '../mo/virtual-machine-tickets.js';
import type { VmLife } from '../vm-life/vm-life.js';
import type { VmkernelLink } from '../vmkernel/vmkernel-link.js';
import { type DatastorePath, parseDatastorePath } from './datastore-path.js';
import { DatastoreTable } from './datastore-table.js';
import { InventoryEvents } from './inventory-events.js';
import { readMachineFiles, withConfigFile } from './machine-file-reader.js';
import { machineOperations } from './machine-operations.js';
import type { PoolTable } from './pool-table.js';
import { SerialWork } from './serial-work.js';
import type { VmConfigReader, WrittenFile } from './vm-config-reader.js';
import type { VmInventoryFile } from './vm-inventory-file.js';
import { VmNames } from './vm-names.js';
import { VmPlacement } from './vm-placement.js';
import { VmTable } from './vm-table.js';

export interface HostInventoryDependencies {
  readonly registry: ObjectRegistry;
  readonly tasks: TaskManager;
  readonly events: EventManager;
  readonly file: VmInventoryFile;
  readonly account: HostAccount;
  link(): VmkernelLink;
  configReader(): VmConfigReader;
  life(): VmLife;
  /** The table of the pools over these machines. */
  makePools(vms: VmTable): PoolTable;
  hostMhz(): number;
  consoleDoor(): ConsoleDoor;
  /** @throws VimFault InvalidState while the host takes no machine */
  requirePowerOn(): void;
  /** What looks for files on a datastore: it comes and goes with it. */
  browserOf(datastore: Datastore): ManagedObject;
  /** A machine is registered no more. */
  onUnregistered(vm: ManagedObjectReference): void;
  onError(error: unknown): void;
}

/** How many machines' files are read at a time when all are. */
const maxReadsAtOnce = 16;

/**
 * The machines and datastores of the host, kept equal to what the VMkernel says: read whole when a connection
 * is made, and what the change feed names when it names it.
 */
export class HostInventory {
  readonly #dependencies: HostInventoryDependencies;
  readonly #vms = new VmTable();
  readonly #names: VmNames;
  readonly pools: PoolTable;
  readonly placement: VmPlacement;
  readonly #datastores: DatastoreTable;
  readonly #events: InventoryEvents;
  readonly #work: SerialWork;
  /** Reading configurations takes long of many machines, and power states do not wait for it. */
  readonly #reading: SerialWork;
  /** Sizes of files are looked up when there is time: nobody waits for them. */
  readonly #looking: SerialWork;
  readonly #readings = new WeakMap<VirtualMachine, number>();
  /** Which machines run has been known since this hostd began. */
  #hasLooked = false;

  constructor(dependencies: HostInventoryDependencies) {
    this.#dependencies = dependencies;
    this.#events = new InventoryEvents(dependencies.events);
    this.#names = new VmNames(dependencies.registry);
    const onError = (error: unknown): void => {
      // Everything is read anew once there is a connection again.
      const isLost = error instanceof VmkernelError && error.code === 'ConnectionLost';
      if (!isLost) dependencies.onError(error);
    };
    this.#work = new SerialWork(onError);
    this.#looking = new SerialWork(error => {
      if (!(error instanceof VmkernelError)) dependencies.onError(error);
    });
    this.#reading = new SerialWork(onError);
    this.#datastores = this.#makeDatastores();
    this.pools = dependencies.makePools(this.#vms);
    this.placement = new VmPlacement({ pools: this.pools, link: () => dependencies.link() });
  }

  /** Whether it is known which machines run. */
  get hasLooked(): boolean {
    return this.#hasLooked;
  }

  /** What the VMkernel says of the host; undefined until it has answered. */
  get host(): HostInfo | undefined {
    return this.#dependencies.account.info;
  }

  /** Speed of a PCPU; 0 until the VMkernel has answered. */
  get pcpuMhz(): number {
    return this.#dependencies.hostMhz();
  }

  vms(): VirtualMachine[] {
    return this.#vms.all();
  }

  vmRefs(): ManagedObjectReference[] {
    return this.#vms.refs();
  }

  /** Machines by what their configuration calls them. */
  get names(): VmNames {
    return this.#names;
  }

  /** Those that are not off. */
  runningVms(): VirtualMachine[] {
    return this.#vms.running();
  }

  datastores(): Datastore[] {
    return this.#datastores.all();
  }

  datastoreRefs(): ManagedObjectReference[] {
    return this.#datastores.refs();
  }

  /** By volume id or by label. */
  datastore(name: string): Datastore | undefined {
    return this.#datastores.find(name);
  }

  isRegistered(vm: VirtualMachine): boolean {
    return this.#vms.has(vm);
  }

  vmAt(path: DatastorePath): VirtualMachine | undefined {
    return this.#vms.at(path);
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
      await this.#dependencies.account.read(this.#dependencies.link());
      this.#changed(moids.host, 'name', 'summary', 'runtime', 'hardware', 'config');
      this.#changed(moids.computeResource, 'name', 'summary');
      this.#changed(moids.rootPool, 'summary', 'runtime', 'config');
      await this.#datastores.read();
      await this.pools.read();
      await this.#dependencies.life().recovery.run();
      await this.#readRunning();
      this.#reading.add('all', () => this.#reloadAll());
    });
  }

  /** Asks for the datastores anew. */
  rescan(): Promise<void> {
    return this.#datastores.read();
  }

  note(change: Change): void {
    if (change.cause === 'failure') {
      const vm = this.#vms.atVmxPath(change.object);
      if (vm !== undefined) this.#events.machineFailed(vm, change.reason ?? 'its process ended');
    }
    if (change.gap === true) this.refresh();
    else if (change.topic === 'storage') this.#work.add('storage', () => this.#datastores.read());
    else if (change.topic === 'vm') this.#work.add('running', () => this.#readRunning());
    else if (change.topic === 'config') this.#noteConfig(change.object);
    if (change.topic === 'vm' || change.topic === 'config') {
      this.pools.noteChange();
      this.#work.add('pools', () => this.pools.follow());
    }
  }

  /** Files have come or gone: datastores have another amount of free space. */
  noteSpace(): void {
    this.#work.add('storage', () => this.#datastores.read());
  }

  /** A client has written or removed a file. */
  noteFile(path: string): void {
    this.#noteConfig(path);
    this.noteSpace();
  }

  /** The VMkernel does not answer: what is known is old, and machines may have ended. */
  noteDisconnected(): void {
    this.#changed(moids.host, 'summary', 'runtime');
    this.#changed(moids.computeResource, 'summary');
  }

  /** All that was to be read has been read. */
  async settled(): Promise<void> {
    while (this.#work.isBusy || this.#reading.isBusy) {
      await this.#work.idle();
      await this.#reading.idle();
    }
  }

  /** All files whose sizes were to be looked up have been. */
  looked(): Promise<void> {
    return this.#looking.idle();
  }

  /** Of readings of one machine that overlap the one begun last is believed: it saw the newest file. */
  async reload(vm: VirtualMachine): Promise<void> {
    if (await this.#setConfig(vm, reader => reader.read(vm)))
      this.#looking.add(vm.vmxPath, () => this.#readFiles(vm));
  }

  /** A machine's file has been replaced by this process, and nothing else of the machine: it need not be read. */
  async noteWritten(vm: VirtualMachine, written: WrittenFile): Promise<void> {
    if (!(await this.#setConfig(vm, reader => reader.written(vm, written)))) return;
    const files = withConfigFile(vm, written.stat);
    if (files === undefined) this.#looking.add(vm.vmxPath, () => this.#readFiles(vm));
    else vm.setFiles(files);
  }

  async #setConfig(
    vm: VirtualMachine,
    read: (reader: VmConfigReader) => Promise<VmConfigState>,
  ): Promise<boolean> {
    const number = (this.#readings.get(vm) ?? 0) + 1;
    this.#readings.set(vm, number);
    const config = await read(this.#dependencies.configReader());
    if (this.#readings.get(vm) !== number) return false;
    vm.setConfig(config);
    this.pools.noteConfig(vm);
    return true;
  }

  /** A folder that cannot be listed has the files it was last seen with. */
  async #readFiles(vm: VirtualMachine): Promise<void> {
    if (this.#vms.has(vm)) vm.setFiles(await readMachineFiles(vm, this.#dependencies.link().files));
  }

  async #reloadAll(): Promise<void> {
    const waiting = this.vms().values();
    const read = async (): Promise<void> => {
      for (const vm of waiting) if (this.#vms.has(vm)) await this.reload(vm);
    };
    await Promise.all(Array.from({ length: maxReadsAtOnce }, read));
  }

  /** A machine that is not yet registered, to be looked at before it is. */
  prepare(path: DatastorePath): VirtualMachine {
    return this.#makeVm(this.#vms.freeMoid(), path);
  }

  /** The write of the file is the moment from which the machine is registered. */
  async commit(vm: VirtualMachine): Promise<void> {
    await this.#dependencies.file.put({ moid: vm.ref.value, vmxPath: vm.vmxPath });
    this.#add(vm);
    this.#looking.add(vm.vmxPath, () => this.#readFiles(vm));
    this.#work.add('running', () => this.#readRunning());
  }

  async remove(vm: VirtualMachine): Promise<void> {
    await this.#dependencies.file.delete(vm.ref.value);
    this.#vms.delete(vm);
    this.#names.delete(vm);
    this.#dependencies.registry.remove(vm);
    this.#dependencies.onUnregistered(vm.ref);
    this.#vmListChanged(vm, { removed: [vm.ref] });
    await this.placement.forget(vm.vmxPath);
  }

  #add(vm: VirtualMachine): void {
    this.#vms.add(vm);
    this.#names.add(vm);
    this.#dependencies.registry.add(vm);
    this.#vmListChanged(vm, { added: [vm.ref] });
  }

  #vmListChanged(vm: VirtualMachine, change: ListChange): void {
    const { datastore } = vm;
    const { registry } = this.#dependencies;
    const lists = [
      [moids.vmFolder, 'childEntity'],
      [moids.host, 'vm'],
      [this.pools.poolOf(vm).ref, 'vm'],
    ] as const;
    for (const [{ value }, property] of lists) {
      const holder = registry.find(value);
      if (holder !== undefined) registry.listChanged(holder, property, change);
    }
    if (datastore !== undefined) registry.listChanged(datastore, 'vm', change);
  }

  #makeVm(moid: string, path: DatastorePath): VirtualMachine {
    const { registry, tasks, events, hostMhz, account } = this.#dependencies;
    const link = (): VmkernelLink => this.#dependencies.link();
    return new VirtualMachine(moid, path, {
      registry,
      tasks,
      events,
      hostMhz,
      use: worldId => account.vmFigures?.use(worldId),
      runChanged: (vm, isOtherwise) => this.#noteRun(vm, isOtherwise),
      pool: vm => this.pools.poolOf(vm),
      ...machineOperations({
        link,
        pools: () => this.pools,
        consoleDoor: () => this.#dependencies.consoleDoor(),
        requirePowerOn: () => this.#dependencies.requirePowerOn(),
      }),
      unregister: vm => this.remove(vm),
      reload: vm => this.reload(vm),
      readFiles: vm => this.#readFiles(vm),
      life: () => this.#dependencies.life(),
      datastore: ({ datastore }) => this.datastore(datastore),
    });
  }

  #makeDatastores(): DatastoreTable {
    const { registry, tasks, account } = this.#dependencies;
    return new DatastoreTable({
      registry,
      tasks,
      list: async () => (await this.#dependencies.link().call('listDatastores', {})).datastores,
      vmsOn: datastore => this.#vms.on(datastore).map(vm => vm.ref),
      browserOf: datastore => this.#dependencies.browserOf(datastore),
      hostName: () => account.info?.hostName ?? 'localhost',
      events: this.#events,
    });
  }

  async #readRunning(): Promise<void> {
    const { vms } = await this.#dependencies.link().call('listVms', {});
    const ended = new Set(this.#vms.running());
    for (const run of vms) {
      const vm = this.#vms.atVmxPath(run.vmxPath);
      if (vm === undefined) continue;
      this.#setRun(vm, run);
      ended.delete(vm);
    }
    for (const vm of ended) this.#setRun(vm, undefined);
    this.#hasLooked = true;
  }

  #setRun(vm: VirtualMachine, run: VmRunState): void {
    const { powerState, busy } = vm;
    vm.setRun(run);
    if (this.#hasLooked && busy === undefined && vm.powerState !== powerState) this.#events.powerChanged(vm);
  }

  #noteRun(vm: VirtualMachine, isOtherwise: boolean): void {
    this.#vms.noteRun(vm);
    this.pools.noteUse(vm);
    if (isOtherwise) this.#reloadLater(vm);
  }

  #noteConfig(object: string): void {
    const vm = this.#vms.atVmxPath(object);
    if (vm !== undefined) this.#reloadLater(vm);
  }

  #reloadLater(vm: VirtualMachine): void {
    this.#reading.add(`config ${vm.vmxPath}`, () => this.reload(vm));
  }

  #changed(ref: ManagedObjectReference, ...properties: string[]): void {
    const object: ManagedObject | undefined = this.#dependencies.registry.find(ref.value);
    if (object !== undefined) this.#dependencies.registry.changed(object, ...properties);
  }
}
