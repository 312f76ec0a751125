import type { HostConfigManager } from '../../../../lib/vim/index.js';
import type { ManagedObject, ObjectRegistry } from '../../../../lib/vim-server/index.js';
import { ConsoleNetwork } from '../../console/console-network.js';
import { ConsoleServices } from '../../console/console-services.js';
import type { Datastore } from '../datastore.js';
import { moids } from '../moids.js';
import { UnbuiltObject } from '../unbuilt-object.js';
import { DiagnosticManager } from './diagnostic-manager.js';
import { HostCpuSchedulerSystem } from './host-cpu-scheduler-system.js';
import { HostDateTimeSystem } from './host-date-time-system.js';
import { HostDiagnosticSystem } from './host-diagnostic-system.js';
import type { HostFacts } from './host-facts.js';
import { HostFirewallSystem } from './host-firewall-system.js';
import { HostHealthStatusSystem } from './host-health-status-system.js';
import { HostMemorySystem } from './host-memory-system.js';
import { HostNetworkSystem } from './host-network-system.js';
import { HostServiceSystem } from './host-service-system.js';
import { HostStorageSystem } from './host-storage-system.js';

export interface HostManagerDependencies {
  readonly facts: HostFacts;
  readonly registry: ObjectRegistry;
  /** The service console's root and /var/log. */
  readonly consoleRoot: string;
  readonly logFolder: string;
  datastores(): Datastore[];
  /** Asks the VMkernel for its volumes anew. */
  rescan(): Promise<void>;
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

  constructor(dependencies: HostManagerDependencies) {
    const { facts, registry, consoleRoot, logFolder, datastores, rescan } = dependencies;
    this.cpuScheduler = new HostCpuSchedulerSystem(facts);
    this.dateTimeSystem = new HostDateTimeSystem({ registry, consoleRoot });
    this.diagnosticManager = new DiagnosticManager(logFolder);
    this.memorySystem = new HostMemorySystem(facts);
    this.networkSystem = new HostNetworkSystem({ facts, registry, network: new ConsoleNetwork(consoleRoot) });
    this.serviceSystem = new HostServiceSystem({ registry, services: new ConsoleServices(consoleRoot) });
    this.storageSystem = new HostStorageSystem({ facts, datastores, rescan });
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
  diagnosticSystem: moids.diagnosticSystem,
  snmpSystem: moids.snmpSystem,
  dateTimeSystem: moids.dateTimeSystem,
  patchManager: moids.patchManager,
  bootDeviceSystem: moids.bootDeviceSystem,
  firmwareSystem: moids.firmwareSystem,
  healthStatusSystem: moids.healthStatusSystem,
  kernelModuleSystem: moids.kernelModuleSystem,
};
