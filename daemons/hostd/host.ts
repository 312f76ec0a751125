import { setTimeout as sleep } from 'node:timers/promises';
import type { Change } from '../../kernel/abi/index.js';
import type { LoginAttempt } from '../../lib/auth/index.js';
import {
  type AboutInfo,
  type ApiVersion,
  loadVimSchema,
  type ManagedObjectReference,
} from '../../lib/vim/index.js';
import {
  AccessControl,
  Authorizer,
  commonRules,
  Dispatcher,
  defaultSessionLimits,
  EventManager,
  type LocalTickets,
  type LoginPolicy,
  type ManagedObject,
  ObjectRegistry,
  PropertyPrivileges,
  type SessionLimits,
  SessionTable,
  TaskManager,
  type VimFault,
} from '../../lib/vim-server/index.js';
import { type AccountTools, type ConsoleAccounts, HostAccessTree, hostMethodRules } from './access/index.js';
import { HostObjects, type HostParts } from './host-objects.js';
import { HostPerformance } from './host-performance.js';
import { datastoreNameOf } from './inventory/datastore-path.js';
import { HostInventory } from './inventory/host-inventory.js';
import { VmConfigReader } from './inventory/vm-config-reader.js';
import { VmInventoryFile } from './inventory/vm-inventory-file.js';
import { HostAccount } from './machine/host-account.js';
import type { FigureSources } from './machine/host-figures.js';
import type { Machine } from './machine/machine.js';
import { type HostFacts, hostMhz } from './mo/host/host-facts.js';
import { HostManagers } from './mo/host/host-managers.js';
import { browserOf, HostDatastoreBrowser } from './mo/host-datastore-browser.js';
import { HostPlaces } from './mo/host-places.js';
import { moids } from './mo/moids.js';
import type { ConsoleDoor } from './mo/virtual-machine-tickets.js';
import type { PerfSampler } from './performance/index.js';
import { hostPools, poolsAbove } from './resources/host-pools.js';
import { DatastoreWork } from './storage/datastore-work.js';
import { AuthorizationRows } from './store/authorization-rows.js';
import { HostDatabase } from './store/host-database.js';
import { HostHistory } from './store/host-history.js';
import { UnfinishedTasks } from './unfinished-tasks.js';
import { VmLife } from './vm-life/vm-life.js';
import { errorFault } from './vmkernel/error-fault.js';
import { type VmkernelConnection, VmkernelLink } from './vmkernel/vmkernel-link.js';

const FIRST_LOOK_MS = 10_000;

/** Who has the administrator's role on a fresh host. */
const administrators = ['root', 'vpxuser', 'dcui'];

export interface HostOptions {
  readonly about: AboutInfo;
  readonly machine: Machine;
  readonly uuid: string;
  /** vmInventory.xml */
  readonly inventoryPath: string;
  /** The service console's root and /var/log. */
  readonly consoleRoot: string;
  readonly logFolder: string;
  /** What hostd keeps of itself: /etc/vmware/hostd */
  readonly settingsFolder: string;
  /** The newest version of the API that clients are told of, unless an option says another one. */
  readonly newestVersion: ApiVersion;
  /** Where they are other than the usual ones. */
  readonly sessionLimits?: Partial<SessionLimits>;
  /** hostd's SQLite file. */
  readonly databasePath: string;
}

export interface HostDependencies {
  connectVmkernel(): Promise<VmkernelConnection>;
  /** Maps the VMkernel's shared memory; undefined where there is none. */
  attachStatistics(shmDir: string): FigureSources | undefined;
  readonly policy: LoginPolicy;
  readonly accounts: ConsoleAccounts;
  readonly accountTools: AccountTools;
  readonly tickets: LocalTickets;
  consoleDoor(): ConsoleDoor;
  /** By pino's names. */
  setLogLevel(level: string): void;
  onError(error: unknown): void;
  /** A line for the log: something is amiss that the host lives with. */
  onProblem(problem: string): void;
}

/** A host's management server without its sockets: all objects, and the dispatcher that calls them. */
export class Host {
  readonly schema = loadVimSchema();
  readonly registry = new ObjectRegistry();
  readonly database: HostDatabase;
  readonly events: EventManager;
  readonly tasks: TaskManager;
  readonly inventory: HostInventory;
  readonly files: DatastoreWork;
  readonly access: AccessControl;
  readonly authorizer: Authorizer;
  readonly life: VmLife;
  readonly sessions: SessionTable;
  readonly dispatcher: Dispatcher;
  readonly link: VmkernelLink;
  readonly #history: HostHistory;
  readonly managers: HostManagers;
  readonly #account: HostAccount;
  readonly #performance: HostPerformance;
  readonly #unfinished: UnfinishedTasks;
  readonly #options: HostOptions;
  readonly #dependencies: HostDependencies;

  constructor(options: HostOptions, dependencies: HostDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    const { schema, registry } = this;
    const toFault = (error: unknown): VimFault => errorFault(error, dependencies.onError);
    this.#account = new HostAccount(dependencies.attachStatistics);
    this.database = new HostDatabase({ path: options.databasePath, onProblem: dependencies.onProblem });
    this.#history = new HostHistory(this.database, dependencies.onProblem);
    const places = new HostPlaces(
      () => this.#account.info?.hostName ?? 'localhost',
      entity => poolsAbove(this.registry, entity),
    );
    this.events = new EventManager(moids.eventManager.value, {
      schema,
      registry,
      places,
      store: this.#history.events,
    });
    this.tasks = new TaskManager(moids.taskManager.value, {
      schema,
      registry,
      places,
      toFault,
      events: this.events,
      store: this.#history.tasks,
    });
    this.files = new DatastoreWork({
      tasks: this.tasks,
      link: () => this.link,
      datastore: name => this.inventory.datastore(name),
      spaceChanged: () => this.inventory.noteSpace(),
    });
    this.managers = this.#hostManagers(this.#facts());
    this.inventory = this.#makeInventory();
    this.link = this.#makeLink();
    this.access = this.#makeAccess();
    this.database.onReplaced(() => this.#reloadAccess());
    this.sessions = new SessionTable(
      {
        schema,
        registry,
        collectorMoid: moids.propertyCollector.value,
        access: this.access,
        propertyPrivileges: new PropertyPrivileges(schema),
      },
      { ...defaultSessionLimits, ...options.sessionLimits },
    );
    this.authorizer = new Authorizer(
      commonRules,
      hostMethodRules({ datastoreOf: path => this.#datastoreOf(path) }),
    );
    this.dispatcher = new Dispatcher({
      schema,
      sessions: this.sessions,
      authorizer: this.authorizer,
      toFault,
    });
    this.life = new VmLife({
      schema,
      inventory: this.inventory,
      tasks: this.tasks,
      events: this.events,
      database: this.database,
      link: () => this.link,
      onProblem: dependencies.onProblem,
    });
    this.#performance = new HostPerformance({
      account: this.#account,
      inventory: () => this.inventory,
      onError: dependencies.onError,
    });
    this.#unfinished = new UnfinishedTasks({
      tasks: this.tasks,
      inventory: () => this.inventory,
      life: () => this.life,
      onError: dependencies.onError,
    });
    for (const object of new HostObjects(this.#parts()).all()) registry.add(object);
  }

  #parts(): HostParts {
    const { schema, registry, events, tasks, inventory, files, access, sessions, managers, life, link } =
      this;
    const { sampler } = this;
    return {
      options: this.#options,
      dependencies: { ...this.#dependencies, policy: this.policy },
      ...{
        schema,
        registry,
        events,
        tasks,
        inventory,
        files,
        access,
        sessions,
        managers,
        life,
        link,
        sampler,
      },
      facts: this.#facts(),
      entity: () => this.#hostEntity(),
    };
  }

  get sampler(): PerfSampler {
    return this.#performance.sampler;
  }

  /** Passwords as the dependencies check them; a file of permissions that could not be read is tried again first. */
  get policy(): LoginPolicy {
    const { policy } = this.#dependencies;
    return {
      localUser: user => policy.localUser(user),
      verifyPassword: (user, password, address) => {
        this.database.reopen();
        return policy.verifyPassword(user, password, address);
      },
    };
  }

  /**
   * Loads the inventory and reaches for the VMkernel. Where it answers, its datastores and machines are known before
   * anybody is served; a VMkernel that hangs is waited for no longer than a moment.
   */
  async start(): Promise<void> {
    await this.inventory.load();
    await this.managers.load();
    this.#dropPermissionsOfGoneVms();
    this.#unfinished.restore();
    this.#performance.start();
    await this.link.start();
    if (!this.link.isConnected) return;
    const late = new AbortController();
    const tooLong = sleep(FIRST_LOOK_MS, undefined, { signal: late.signal, ref: false }).catch(
      () => undefined,
    );
    await Promise.race([this.inventory.settled(), tooLong]);
    late.abort();
  }

  /** Before the host goes down: machines are stopped as the administrator wants it. */
  async hostStops(): Promise<void> {
    await this.managers.power.noteStop(this.#hostEntity());
    await this.managers.autoStart.hostStops();
  }

  /** Too many wrong passwords for one account from one address. */
  noteLockOut({ account = 'users without a permission', address }: LoginAttempt): void {
    const message = `No login of ${account} from ${address} for a minute: too many wrong passwords`;
    this.#dependencies.onProblem(message);
    this.events.post('GeneralHostWarningEvent', { message }, { entity: this.#hostEntity() });
  }

  #hostEntity(): { ref: typeof moids.host; name: string } {
    return { ref: moids.host, name: this.#account.info?.hostName ?? 'localhost' };
  }

  close(): void {
    this.#performance.stop();
    this.managers.autoStart.close();
    this.link.close();
    for (const session of this.sessions.list()) this.sessions.end(session);
    this.#history.close();
    this.database.close();
  }

  #makeAccess(): AccessControl {
    const { registry, schema } = this;
    const find = (moid: string): ManagedObject | undefined => registry.find(moid);
    return new AccessControl(administrators, {
      tree: new HostAccessTree({ schema, find }),
      principals: this.#dependencies.accounts,
      store: new AuthorizationRows(this.database),
      find,
    });
  }

  #reloadAccess(): void {
    if (this.database.isOnDisk) this.access.reload();
  }

  /** A machine's permissions end with its registration; its moid may be another machine's one day. */
  #dropPermissionsOfGoneVms(): void {
    const isGone = (entity: ManagedObjectReference): boolean =>
      entity.type === 'VirtualMachine' && this.registry.find(entity.value) === undefined;
    this.access.dropPermissions(({ entity }) => isGone(entity));
  }

  #datastoreOf(path: string): ManagedObjectReference | undefined {
    return this.inventory.datastore(datastoreNameOf(path) ?? '')?.ref;
  }

  #makeInventory(): HostInventory {
    const reader = new VmConfigReader({
      schema: this.schema,
      files: () => this.link.files,
      datastore: name => this.inventory.datastore(name),
      pcpuMhz: () => hostMhz({ account: this.#account }),
    });
    return new HostInventory({
      registry: this.registry,
      tasks: this.tasks,
      events: this.events,
      file: new VmInventoryFile(this.#options.inventoryPath),
      link: () => this.link,
      configReader: () => reader,
      browserOf: ({ ref }) =>
        new HostDatastoreBrowser(browserOf(ref), { work: this.files, datastores: () => [ref] }),
      onUnregistered: ({ value }) => {
        this.access.dropPermissions(({ entity }) => entity.value === value);
        this.managers.forgetMachine(value);
        this.sampler.forget(value);
      },
      requirePowerOn: () => this.managers.maintenance.requirePowerOn(),
      consoleDoor: () => this.#dependencies.consoleDoor(),
      account: this.#account,
      hostMhz: () => hostMhz({ account: this.#account }),
      life: () => this.life,
      makePools: vms =>
        hostPools(vms, {
          registry: this.registry,
          tasks: this.tasks,
          events: this.events,
          facts: this.#facts(),
          access: () => this.access,
          link: () => this.link,
          life: () => this.life,
          onGone: ({ value }) => this.sampler.forget(value),
        }),
      onError: this.#dependencies.onError,
    });
  }

  #makeLink(): VmkernelLink {
    return new VmkernelLink({
      connect: () => this.#dependencies.connectVmkernel(),
      onConnected: () => this.#noteConnected(),
      onChange: change => this.#noteChange(change),
      onDisconnected: () => this.#noteDisconnected(),
    });
  }

  #noteChange(change: Change): void {
    this.inventory.note(change);
    this.#unfinished.settle();
    if (change.topic === 'host' || change.gap === true) this.managers.refresh();
  }

  #noteConnected(): void {
    this.inventory.refresh();
    this.managers.refresh();
    this.#unfinished.settle();
    this.#noteBoot().catch(this.#dependencies.onError);
  }

  #noteDisconnected(): void {
    this.inventory.noteDisconnected();
    this.events.post('HostConnectionLostEvent', {}, { entity: this.#hostEntity() });
  }

  async #noteBoot(): Promise<void> {
    await this.inventory.settled();
    const { info } = this.#account;
    // By its own name, which the VMkernel has told by now.
    if (this.link.isConnected) this.events.post('HostConnectedEvent', {}, { entity: this.#hostEntity() });
    if (info !== undefined && this.link.isConnected) await this.managers.autoStart.hostBooted(info.bootId);
  }

  #hostManagers(facts: HostFacts): HostManagers {
    const { setLogLevel, onError, onProblem } = this.#dependencies;
    return new HostManagers(this.#options, {
      facts,
      registry: this.registry,
      tasks: this.tasks,
      events: this.events,
      inventory: () => this.inventory,
      link: () => this.link,
      setLogLevel,
      onError,
      onProblem,
    });
  }

  #facts(): HostFacts {
    const { about, machine, uuid } = this.#options;
    return {
      about,
      machine,
      uuid,
      account: this.#account,
      isConnected: () => this.link.isConnected,
    };
  }
}
