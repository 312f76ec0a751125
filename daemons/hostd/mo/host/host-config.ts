import type { HostConfigInfo } from '../../../../lib/vim/index.js';
import { datastoreCapabilities } from '../host-datastore-system.js';
import { moids } from '../moids.js';
import { hyperThreadInfo } from './host-cpu-scheduler-system.js';
import type { HostFacts } from './host-facts.js';
import { firewallInfo } from './host-firewall-system.js';
import type { HostManagers } from './host-managers.js';
import { netCapabilities } from './host-network-system.js';
import { storageDeviceInfo } from './host-storage-system.js';
import { systemResources } from './system-resources.js';

/** HostSystem.config: what the host's managers tell, put together. */
export function hostConfig(facts: HostFacts, managers: HostManagers): HostConfigInfo {
  return {
    host: moids.host,
    product: facts.about,
    hyperThread: hyperThreadInfo(facts),
    consoleReservation: managers.memorySystem.consoleReservation(),
    storageDevice: storageDeviceInfo,
    fileSystemVolume: managers.storageSystem.fileSystemVolumeInfo(),
    network: managers.networkSystem.networkInfo(),
    capabilities: netCapabilities,
    datastoreCapabilities,
    service: managers.serviceSystem.serviceInfo(),
    firewall: firewallInfo,
    autoStart: managers.autoStartManager.config(),
    option: [],
    optionDef: [],
    adminDisabled: false,
    systemResources: systemResources(facts),
    dateTimeInfo: managers.dateTimeSystem.dateTimeInfo(),
  };
}
