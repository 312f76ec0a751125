import {
  ManagedObjectReference,
  type ResourceConfigSpec,
  type VirtualMachineConnectionState,
  type VirtualMachinePowerState,
} from '../../../lib/vim/index.js';
import {
  type CallContext,
  defineClass,
  type EventManager,
  type ObjectClass,
  type ObjectRegistry,
  type TaskManager,
} from '../../../lib/vim-server/index.js';
import type { DatastorePath } from '../inventory/datastore-path.js';
import { baseName, folderOf, formatDatastorePath } from '../inventory/datastore-path.js';
import type { VmUse } from '../machine/vm-figures.js';
import type { VmLife } from '../vm-life/vm-life.js';
import type { Datastore } from './datastore.js';
import { type Entity, entityClass } from './entity.js';
import { moids } from './moids.js';
import type { ResourcePool } from './resource-pool.js';
import { layout, layoutEx, type MachineFileList, storage } from './virtual-machine-files.js';
import { guestMethods } from './virtual-machine-guest.js';
import {
  invalidPowerState,
  type PowerOperations,
  powerMethods,
  requireNotBusy,
} from './virtual-machine-power.js';
import { type Answer, questionMethods } from './virtual-machine-question.js';
import { type ScreenshotOperations, screenshotMethods } from './virtual-machine-screenshot.js';
import type { VmConfigState, VmRunState } from './virtual-machine-state.js';
import { type TicketOperations, ticketMethods } from './virtual-machine-tickets.js';
import { guestInfo, runtimeInfo, summary, vmCapability } from './virtual-machine-views.js';

export interface VirtualMachineDependencies {
  readonly registry: ObjectRegistry;
  readonly tasks: TaskManager;
  readonly events: EventManager;
  readonly power: PowerOperations;
  readonly answer: Answer;
  readonly tickets: TicketOperations;
  readonly screenshot: ScreenshotOperations;
  /** Forgets the machine; its files stay. */
  unregister(vm: VirtualMachine): Promise<void>;
  /** Reads its configuration file anew. */
  reload(vm: VirtualMachine): Promise<void>;
  /** Looks at its files anew. */
  readFiles(vm: VirtualMachine): Promise<void>;
  life(): VmLife;
  datastore(path: DatastorePath): Datastore | undefined;
  hostMhz(): number;
  pool(vm: VirtualMachine): ResourcePool;
  /** What it uses while it runs, by the VMkernel's own figures. */
  use(worldId: number): VmUse | undefined;
  /** What the VMkernel says of it changed; with its power state its description is another one. */
  runChanged(vm: VirtualMachine, isOtherwise: boolean): void;
}

/** Properties whose values follow from the configuration file, and those that follow from running. */
const configProperties = [
  'name',
  'config',
  'layout',
  'summary',
  'datastore',
  'resourceConfig',
  'guest',
  'runtime',
];
const runProperties = ['runtime', 'summary', 'guest', 'config'];

/** A registered virtual machine: its place, its configuration as last read, and whether the VMkernel runs it. */
export class VirtualMachine implements Entity {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = virtualMachineClass;
  readonly parent: ManagedObjectReference = moids.vmFolder;
  /** `/vmfs/volumes/<volume>/<folder>/<file>.vmx`, the name the VMkernel knows it by. */
  readonly vmxPath: string;
  readonly path: DatastorePath;
  readonly dependencies: VirtualMachineDependencies;
  #config: VmConfigState = { kind: 'inaccessible' };
  #run: VmRunState;
  #busy: ManagedObjectReference | undefined;
  #files: MachineFileList | undefined;

  constructor(moid: string, path: DatastorePath, dependencies: VirtualMachineDependencies) {
    this.ref = new ManagedObjectReference('VirtualMachine', moid);
    this.path = path;
    this.vmxPath = `/vmfs/volumes/${path.datastore}/${path.file}`;
    this.dependencies = dependencies;
  }

  get config(): VmConfigState {
    return this.#config;
  }

  get run(): VmRunState {
    return this.#run;
  }

  get name(): string {
    return this.#config.kind === 'read'
      ? (this.#config.vmx.get('displayName') ?? this.pathName)
      : baseName(this.path.file).replace(/\.vmx$/i, '');
  }

  get datastore(): Datastore | undefined {
    return this.dependencies.datastore(this.path);
  }

  /** `[label] folder/file.vmx` */
  get pathName(): string {
    return formatDatastorePath(this.#label, this.path.file);
  }

  /** `[label] folder/` */
  get folderPath(): string {
    const folder = folderOf(this.path.file);
    return formatDatastorePath(this.#label, folder === '' ? '' : `${folder}/`);
  }

  get #label(): string {
    return this.datastore?.name ?? this.path.datastore;
  }

  get powerState(): VirtualMachinePowerState {
    return this.#run === undefined || this.#run.state === 'poweringOn' ? 'poweredOff' : 'poweredOn';
  }

  get connectionState(): VirtualMachineConnectionState {
    if (this.#config.kind === 'read') return 'connected';
    return this.#config.kind === 'invalid' ? 'invalid' : 'inaccessible';
  }

  /** The pool it is in, powered on or not. */
  get pool(): ResourcePool {
    return this.dependencies.pool(this);
  }

  /** As permissions go: what a machine may have follows from its pool too. */
  get resourcePool(): ManagedObjectReference {
    return this.pool.ref;
  }

  /** Undefined while its configuration cannot be read. */
  get resourceConfig(): ResourceConfigSpec | undefined {
    if (this.#config.kind !== 'read') return undefined;
    const { changeVersion, modified, cpuAllocation = {}, memoryAllocation = {} } = this.#config.info;
    return { entity: this.ref, changeVersion, lastModified: modified, cpuAllocation, memoryAllocation };
  }

  /** What it uses at this moment; undefined where it does not run or nobody knows. */
  get use(): VmUse | undefined {
    return this.#run === undefined || this.powerState !== 'poweredOn'
      ? undefined
      : this.dependencies.use(this.#run.worldId);
  }

  /** The task that is changing the machine, if any. */
  get busy(): ManagedObjectReference | undefined {
    return this.#busy;
  }

  setBusy(task: ManagedObjectReference | undefined): void {
    this.#busy = task;
  }

  /** Its files when they were last looked at. */
  get files(): MachineFileList | undefined {
    return this.#files;
  }

  setFiles(files: MachineFileList): void {
    this.#files = files;
    this.dependencies.registry.changed(this, 'layout', 'layoutEx', 'storage', 'summary');
  }

  setConfig(config: VmConfigState): void {
    this.#config = config;
    this.dependencies.registry.changed(this, ...configProperties);
  }

  setRun(run: VmRunState): void {
    const before = { run: this.#run, powerState: this.powerState };
    this.#run = run;
    if (isSameRun(before.run, run)) return;
    this.dependencies.registry.changed(this, ...runProperties);
    const asked = run?.question;
    if (asked !== undefined && asked.id !== before.run?.question?.id)
      this.dependencies.events.post(
        'VmMessageEvent',
        { template: false, message: asked.text },
        { entity: this },
      );
    const isOtherwise =
      this.powerState !== before.powerState ||
      JSON.stringify(run?.connections) !== JSON.stringify(before.run?.connections);
    this.dependencies.runChanged(this, isOtherwise);
  }

  /** The answer is given; the change feed says so a little later. */
  noteAnswered(questionId: string): void {
    if (this.#run?.question?.id !== questionId) return;
    const { question: _answered, ...rest } = this.#run;
    this.setRun(rest);
  }

  recentTasks(): ManagedObjectReference[] {
    return this.dependencies.tasks.recentTasks(this);
  }

  /** @throws VimFault TaskInProgress, InvalidPowerState */
  async unregister({ session }: CallContext): Promise<void> {
    requireNotBusy(this);
    if (this.#run !== undefined) throw invalidPowerState('poweredOff', 'poweredOn');
    await this.dependencies.unregister(this);
    const cause = { entity: this, userName: session?.userName };
    this.dependencies.events.post('VmRemovedEvent', { template: false }, cause);
  }
}

function isSameRun(before: VmRunState, now: VmRunState): boolean {
  const seen = (run: VmRunState): string =>
    JSON.stringify([run?.worldId, run?.state, run?.question?.id, run?.connections]);
  return seen(before) === seen(now);
}

export const virtualMachineClass: ObjectClass = defineClass<'VirtualMachine', VirtualMachine>(
  'VirtualMachine',
  {
    properties: {
      overallStatus: vm => (vm.connectionState === 'connected' ? 'green' : 'red'),
      capability: vmCapability,
      config: vm => (vm.config.kind === 'read' ? vm.config.info : undefined),
      layout,
      layoutEx,
      storage,
      environmentBrowser: () => moids.environmentBrowser,
      resourcePool: vm => vm.resourcePool,
      resourceConfig: vm => vm.resourceConfig,
      runtime: runtimeInfo,
      guest: guestInfo,
      summary,
      datastore: vm => (vm.datastore === undefined ? [] : [vm.datastore.ref]),
      network: () => [],
      guestHeartbeatStatus: () => 'gray',
    },
    methods: {
      ...powerMethods,
      ...guestMethods,
      ...questionMethods,
      ...ticketMethods,
      ...screenshotMethods,
      UnregisterVM: (vm, _, call) => vm.unregister(call),
      ReconfigVM_Task: (vm, { spec }, call) => vm.dependencies.life().reconfigure(vm, spec, call),
      Rename_Task: (vm, { newName }, call) => vm.dependencies.life().rename(vm, newName, call),
      Destroy_Task: (vm, _, call) => vm.dependencies.life().destroy(vm, call),
      Reload: vm => vm.dependencies.reload(vm),
      RefreshStorageInfo: vm => vm.dependencies.readFiles(vm),
    },
  },
  entityClass,
);
