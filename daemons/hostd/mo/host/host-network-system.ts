import type {
  HostDnsConfig,
  HostIpRouteConfig,
  HostNetCapabilities,
  HostNetworkInfo,
  HostVirtualNic,
} from '../../../../lib/vim/index.js';
import {
  defineClass,
  type ManagedObject,
  type ObjectClass,
  type ObjectRegistry,
} from '../../../../lib/vim-server/index.js';
import type { ConsoleNetwork } from '../../console/console-network.js';
import { moids } from '../moids.js';
import { type HostFacts, hostName } from './host-facts.js';

export interface HostNetworkSystemDependencies {
  readonly facts: HostFacts;
  readonly registry: ObjectRegistry;
  readonly network: ConsoleNetwork;
}

/** The host's network. There are no virtual switches: the service console uses the machine's interfaces. */
export class HostNetworkSystem implements ManagedObject {
  readonly ref = moids.networkSystem;
  readonly objectClass: ObjectClass = hostNetworkSystemClass;
  readonly #dependencies: HostNetworkSystemDependencies;

  constructor(dependencies: HostNetworkSystemDependencies) {
    this.#dependencies = dependencies;
  }

  networkInfo(): HostNetworkInfo {
    return {
      vswitch: [],
      portgroup: [],
      pnic: [],
      vnic: [],
      consoleVnic: this.#consoleNics(),
      dnsConfig: this.dnsConfig(),
      ipRouteConfig: {},
      consoleIpRouteConfig: this.consoleIpRouteConfig(),
      dhcp: [],
      nat: [],
    };
  }

  dnsConfig(): HostDnsConfig {
    const { facts, network } = this.#dependencies;
    const name = hostName(facts);
    const dot = name.indexOf('.');
    const { nameservers, search } = network.resolver();
    return {
      _type: 'HostDnsConfig',
      dhcp: false,
      hostName: dot === -1 ? name : name.slice(0, dot),
      domainName: dot === -1 ? '' : name.slice(dot + 1),
      address: nameservers,
      searchDomain: search,
    };
  }

  consoleIpRouteConfig(): HostIpRouteConfig {
    const route = this.#dependencies.network.defaultRoute();
    return { _type: 'HostIpRouteConfig', defaultGateway: route?.gateway, gatewayDevice: route?.device };
  }

  refresh(): void {
    this.#dependencies.registry.changed(this, 'networkInfo', 'dnsConfig', 'consoleIpRouteConfig');
  }

  #consoleNics(): HostVirtualNic[] {
    return this.#dependencies.network.interfaces().map(({ device, mac, ipAddress, subnetMask }) => ({
      device,
      key: `key-vim.host.VirtualNic-${device}`,
      portgroup: '',
      spec: { ip: { dhcp: false, ipAddress, subnetMask }, mac },
    }));
  }
}

export const netCapabilities: HostNetCapabilities = {
  canSetPhysicalNicLinkSpeed: false,
  supportsNicTeaming: false,
  supportsVlan: false,
  usesServiceConsoleNic: true,
  supportsNetworkHints: false,
  vswitchConfigSupported: false,
  vnicConfigSupported: false,
  ipRouteConfigSupported: false,
  dnsConfigSupported: false,
  dhcpOnVnicSupported: false,
  ipV6Supported: false,
};

export const hostNetworkSystemClass: ObjectClass = defineClass<'HostNetworkSystem', HostNetworkSystem>(
  'HostNetworkSystem',
  {
    properties: {
      capabilities: () => netCapabilities,
      networkInfo: system => system.networkInfo(),
      offloadCapabilities: () => ({ csumOffload: false, tcpSegmentation: false, zeroCopyXmit: false }),
      networkConfig: system => {
        const { dnsConfig, ipRouteConfig, consoleIpRouteConfig } = system.networkInfo();
        return {
          vswitch: [],
          portgroup: [],
          pnic: [],
          vnic: [],
          dnsConfig,
          ipRouteConfig,
          consoleIpRouteConfig,
        };
      },
      dnsConfig: system => system.dnsConfig(),
      ipRouteConfig: () => ({ _type: 'HostIpRouteConfig' }),
      consoleIpRouteConfig: system => system.consoleIpRouteConfig(),
    },
    methods: {
      RefreshNetworkSystem: system => system.refresh(),
    },
  },
);
