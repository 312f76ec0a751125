import type {
  ConfigTarget,
  VimSchema,
  VirtualMachineConfigOption,
  VirtualMachineConfigOptionDescriptor,
  VirtualMachineDatastoreInfo,
} from '../../../lib/vim/index.js';
import {
  type CallContext,
  defineClass,
  invalidArgument,
  type ManagedObject,
  type ObjectClass,
} from '../../../lib/vim-server/index.js';
import { hardware4 } from '../vm-config/hardware4.js';
import { configOption } from '../vm-config/options/config-option.js';
import { type Datastore, datastoreCapability, datastoreSummary, maxFileSize } from './datastore.js';
import type { HostFacts } from './host/host-facts.js';
import { hostHardware } from './host/host-hardware.js';
import { moids } from './moids.js';
import { vmCapability } from './virtual-machine-views.js';

export interface EnvironmentBrowserDependencies {
  readonly schema: VimSchema;
  datastores(): Datastore[];
  facts(): HostFacts;
}

/** What machines can be made of on this host. */
export class EnvironmentBrowser implements ManagedObject {
  readonly ref = moids.environmentBrowser;
  readonly objectClass: ObjectClass = environmentBrowserClass;
  readonly dependencies: EnvironmentBrowserDependencies;

  constructor(dependencies: EnvironmentBrowserDependencies) {
    this.dependencies = dependencies;
  }

  configOption(key: string | undefined): VirtualMachineConfigOption | undefined {
    if (key !== undefined && key !== '' && key !== hardware4.key) return undefined;
    return configOption(this.dependencies.schema, vmCapability());
  }

  /** With the datastores that the caller may see. */
  configTarget({ session }: CallContext): ConfigTarget {
    const datastores = this.dependencies.datastores();
    const { cpuInfo, numaInfo } = hostHardware(this.dependencies.facts());
    return {
      numCpus: cpuInfo.numCpuThreads,
      numCpuCores: cpuInfo.numCpuCores,
      numNumaNodes: numaInfo?.numNodes ?? 0,
      smcPresent: false,
      datastore: datastores.filter(({ ref }) => session?.sees(ref) === true).map(datastoreTarget),
      maxMemMBOptimalPerf: hardware4.memoryMb.max,
      autoVmotion: false,
    };
  }
}

function datastoreTarget(datastore: Datastore): VirtualMachineDatastoreInfo {
  return {
    name: datastore.name,
    datastore: datastoreSummary(datastore),
    capability: datastoreCapability(),
    maxFileSize,
    mode: 'readWrite',
  };
}

function descriptors(): VirtualMachineConfigOptionDescriptor[] {
  return [
    {
      key: hardware4.key,
      description: 'ESX Server 3.x virtual machine',
      host: [moids.host],
      createSupported: true,
      defaultConfigOption: true,
      runSupported: true,
      upgradeSupported: false,
    },
  ];
}

/** The browser is this host's alone. */
function requireThisHost(host: { readonly value: string } | undefined): void {
  if (host !== undefined && host.value !== moids.host.value) throw invalidArgument('host');
}

export const environmentBrowserClass: ObjectClass = defineClass<'EnvironmentBrowser', EnvironmentBrowser>(
  'EnvironmentBrowser',
  {
    properties: { datastoreBrowser: () => moids.hostDatastoreBrowser },
    methods: {
      QueryConfigOptionDescriptor: () => descriptors(),
      QueryConfigOption: (browser, { key, host }) => {
        requireThisHost(host);
        return browser.configOption(key);
      },
      QueryConfigTarget: (browser, { host }, call) => {
        requireThisHost(host);
        return browser.configTarget(call);
      },
    },
  },
);
