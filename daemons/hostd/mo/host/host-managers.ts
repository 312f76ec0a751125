import { join } from 'node:path';
import { type ApiVersion, type HostConfigManager, isApiVersion } from '../../../../lib/vim/index.js';
import type {
  EventManager,
  ManagedObject,
  ObjectRegistry,
  TaskManager,
} from '../../../../lib/vim-server/index.js';
import { AutoStart } from '../../autostart/auto-start.js';
import { AutoStartFile } from '../../autostart/auto-start-file.js';
import { MachinePower } from '../../autostart/machine-power.js';
import { ConsoleNetwork } from '../../console/console-network.js';
import { ConsoleServices } from '../../console/console-services.js';
import { AgentOptions } from '../../settings/agent-options.js';
import { advertisedVersionKey, hostOptions, logLevelKey, logLevels } from '../../settings/host-options.js';
import { HostSettings } from '../../settings/host-settings.js';
import { KernelOptions } from '../../settings/kernel-options.js';
import type { VmkernelLink } from '../../vmkernel/vmkernel-link.js';
import type { Datastore } from '../datastore.js';
import { moids } from '../moids.js';
import { UnbuiltObject } from '../unbuilt-object.js';
import { VirtualMachine } from '../virtual-machine.js';
import { DiagnosticManager } from './diagnostic-manager.js';
import { HostAutoStartManager } from './host-auto-start-manager.js';
import { HostCpuSchedulerSystem } from './host-cpu-scheduler-system.js';
import { HostDateTimeSystem } from './host-date-time-system.js';
import { HostDiagnosticSystem } from './host-diagnostic-system.js';
import type { HostFacts } from './host-facts.js';
import { HostFirewallSystem } from './host-firewall-system.js';
import { HostHealthStatusSystem } from './host-health-status-system.js';
import { HostMemorySystem } from './host-memory-system.js';
import { HostNetworkSystem } from './host-network-system.js';
import { HostPower } from './host-power.js';
import { HostServiceSystem } from './host-service-system.js';
import { HostStorageSystem } from './host-storage-system.js';
import { LicenseManager } from './license-manager.js';
import { MaintenanceMode } from './maintenance-mode.js';
import { OptionManager } from './option-manager.js';

export interface HostManagerOptions {
  /** The service console's root and /var/log. */
  readonly consoleRoot: string;
  readonly logFolder: string;
  /** /etc/vmware/hostd */
  readonly settingsFolder: string;
  readonly newestVersion: ApiVersion;
}

/** What managers need of the inventory. */
export interface ManagedInventory {
  datastores(): Datastore[];
  runningVms(): VirtualMachine[];
  /** Asks the VMkernel for its volumes anew. */
  rescan(): Promise<void>;
}

export interface HostManagerDependencies {
  readonly facts: HostFacts;
  readonly registry: ObjectRegistry;
  readonly tasks: TaskManager;
  readonly events: EventManager;
  inventory(): ManagedInventory;
  link(): VmkernelLink;
  setLogLevel(level: string): void;
  onError(error: unknown): void;
  onProblem(problem: string): void;
}

/** The objects that manage the parts of a host, as HostSystem.configManager names them. */
export class HostManagers {
  readonly cpuScheduler: HostCpuSchedulerSystem;
  readonly dateTimeSystem: HostDateTimeSystem;
  readonly diagnosticManager: DiagnosticManager;
  readonly memorySystem: HostMemorySystem;
  readonly networkSystem: HostNetworkSystem;
  readonly serviceSystem: HostServiceSystem;
  readonly storageSystem: HostStorageSystem;
  readonly autoStart: AutoStart;
  readonly autoStartManager: HostAutoStartManager;
  readonly licenseManager: LicenseManager;
  readonly maintenance: MaintenanceMode;
  readonly power: HostPower;
  readonly #settings: HostSettings;
  readonly #kernelOptions: KernelOptions;
  readonly #advancedOptions: OptionManager;
  readonly #options: HostManagerOptions;
  readonly #dependencies: HostManagerDependencies;

  constructor(options: HostManagerOptions, dependencies: HostManagerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#settings = new HostSettings(join(options.settingsFolder, 'settings'));
    const { consoleRoot, logFolder } = options;
    const { facts, registry, tasks, events, inventory, link, onError } = dependencies;
    this.autoStart = this.#makeAutoStart();
    const isRegistered = isMachine(registry);
    this.autoStartManager = new HostAutoStartManager({ autoStart: this.autoStart, isRegistered, onError });
    this.licenseManager = new LicenseManager(facts);
    const hasRunning = (): boolean => inventory().runningVms().length > 0;
    this.maintenance = new MaintenanceMode({ registry, tasks, events, settings: this.#settings, hasRunning });
    this.power = new HostPower({ tasks, events, maintenance: this.maintenance, link });
    this.cpuScheduler = new HostCpuSchedulerSystem(facts);
    this.dateTimeSystem = new HostDateTimeSystem({ registry, consoleRoot });
    this.diagnosticManager = new DiagnosticManager(logFolder);
    this.memorySystem = new HostMemorySystem({ facts, registry, link });
    this.#kernelOptions = new KernelOptions(link);
    this.#advancedOptions = new OptionManager(moids.advancedOption, this.#kernelOptions, registry);
    this.networkSystem = new HostNetworkSystem({ facts, registry, network: new ConsoleNetwork(consoleRoot) });
    this.serviceSystem = new HostServiceSystem({
      registry,
      services: new ConsoleServices(consoleRoot),
      act: (service, action) => link().call('service', { service, action }),
      onError,
    });
    this.storageSystem = new HostStorageSystem({ facts, inventory });
  }

  async load(): Promise<void> {
    await this.#settings.load(this.#dependencies.onProblem);
    await this.autoStart.load();
    const level = this.#settings.get(logLevelKey);
    if (level !== undefined) this.#optionChanged(logLevelKey, level);
  }

  /** Reads anew what the VMkernel keeps of the host's configuration. */
  refresh(): void {
    const { onError } = this.#dependencies;
    this.memorySystem.refresh().catch(onError);
    this.#kernelOptions.refresh().then(() => this.#advancedOptions.changed(), onError);
  }

  /** The newest version of the API that clients are told of. */
  advertisedVersion(): ApiVersion {
    const version = this.#settings.get(advertisedVersionKey) ?? '';
    return isApiVersion(version) ? version : this.#options.newestVersion;
  }

  /** A machine is no longer registered. */
  forgetMachine(moid: string): void {
    this.autoStart.forget(moid).catch(this.#dependencies.onError);
  }

  all(): ManagedObject[] {
    return [
      this.cpuScheduler,
      this.dateTimeSystem,
      this.diagnosticManager,
      this.memorySystem,
      this.networkSystem,
      this.serviceSystem,
      this.storageSystem,
      this.autoStartManager,
      this.licenseManager,
      this.#agentOptions(),
      this.#advancedOptions,
      new HostDiagnosticSystem(),
      new HostFirewallSystem(),
      new HostHealthStatusSystem(),
      new UnbuiltObject(moids.vmotionSystem, 'HostVMotionSystem'),
      new UnbuiltObject(moids.snmpSystem, 'HostSnmpSystem'),
      new UnbuiltObject(moids.patchManager, 'HostPatchManager'),
      new UnbuiltObject(moids.bootDeviceSystem, 'HostBootDeviceSystem'),
      new UnbuiltObject(moids.firmwareSystem, 'HostFirmwareSystem'),
      new UnbuiltObject(moids.kernelModuleSystem, 'HostKernelModuleSystem'),
    ];
  }

  #agentOptions(): OptionManager {
    const options = new AgentOptions({
      settings: this.#settings,
      options: hostOptions(this.#options.newestVersion),
      onChanged: (key, value) => this.#optionChanged(key, value),
    });
    return new OptionManager(moids.setting, options, this.#dependencies.registry);
  }

  #optionChanged(key: string, value: string): void {
    if (key === logLevelKey) this.#dependencies.setLogLevel(logLevels[value] ?? 'info');
  }

  #makeAutoStart(): AutoStart {
    const { registry, tasks, onProblem } = this.#dependencies;
    const machine = (moid: string): VirtualMachine | undefined => {
      const object = registry.find(moid);
      return object instanceof VirtualMachine ? object : undefined;
    };
    const power = new MachinePower({ tasks, machine });
    return new AutoStart({
      file: new AutoStartFile(join(this.#options.settingsFolder, 'vmAutoStart.xml')),
      isRegistered: isMachine(registry),
      powerOn: moid => power.powerOn(moid),
      powerOff: moid => power.powerOff(moid),
      isRunning: moid => power.isRunning(moid),
      mayStart: () => this.maintenance.mayPowerOn,
      onChanged: () => registry.changed(this.autoStartManager, 'config'),
      onProblem,
    });
  }
}

function isMachine(registry: ObjectRegistry): (moid: string) => boolean {
  return moid => registry.find(moid)?.objectClass.typeName === 'VirtualMachine';
}

export const configManager: HostConfigManager = {
  cpuScheduler: moids.cpuScheduler,
  datastoreSystem: moids.datastoreSystem,
  memoryManager: moids.memorySystem,
  storageSystem: moids.storageSystem,
  networkSystem: moids.networkSystem,
  vmotionSystem: moids.vmotionSystem,
  serviceSystem: moids.serviceSystem,
  firewallSystem: moids.firewallSystem,
  advancedOption: moids.advancedOption,
  diagnosticSystem: moids.diagnosticSystem,
  autoStartManager: moids.autoStartManager,
  snmpSystem: moids.snmpSystem,
  dateTimeSystem: moids.dateTimeSystem,
  patchManager: moids.patchManager,
  bootDeviceSystem: moids.bootDeviceSystem,
  firmwareSystem: moids.firmwareSystem,
  healthStatusSystem: moids.healthStatusSystem,
  kernelModuleSystem: moids.kernelModuleSystem,
};
