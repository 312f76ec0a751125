import type {
  AdvancedOptionInfo,
  DatastoreInfo,
  HardwareInfo,
  HostInfo,
  VmInfo,
} from '../../kernel/abi/index.js';
import type { Section } from './flags.js';
import type { Group } from './tree.js';

const PAGE_BYTES = 4096;

/** What the VMkernel told. */
export interface Facts {
  readonly host: HostInfo;
  readonly hardware: HardwareInfo;
  readonly vms: readonly VmInfo[];
  readonly datastores: readonly DatastoreInfo[];
  /** Pages by use; undefined while the memory thread writes. */
  readonly memory:
    | { readonly totalPages: number; readonly freePages: number; readonly kernelPages: number }
    | undefined;
  readonly consoleMemoryMb: number;
  /** From the next boot on. */
  readonly consoleMemoryCfgMb: number;
  readonly options: readonly AdvancedOptionInfo[];
  readonly nowMs: number;
}

export function hostTree(facts: Facts, sections: readonly Section[]): Group {
  const made: Readonly<Record<Section, () => Group>> = {
    hardware: () => hardware(facts),
    resource: () => resource(facts),
    storage: () => storage(facts),
    system: () => system(facts),
    advopt: () => advancedOptions(facts),
  };
  return { name: 'Host', groups: sections.map(section => made[section]()) };
}

function hardware({ host, hardware: found, consoleMemoryMb, consoleMemoryCfgMb }: Facts): Group {
  const known = (key: string, value: string | undefined) =>
    value === undefined ? [] : [[key, value] as const];
  return {
    name: 'Hardware Info',
    values: [
      ...known('Product Name', found.productName),
      ...known('Vendor Name', found.systemVendor),
      ...known('BIOS Version', found.biosVersion),
      ...known('BIOS Release Date', found.biosDate),
    ],
    groups: [
      {
        name: 'Memory Info',
        values: [
          ['Physical Mem', host.machineMemoryBytes],
          ['Service Console Mem (Cfg)', consoleMemoryCfgMb],
          ['Service Console Mem', consoleMemoryMb],
        ],
      },
      {
        name: 'Cpu Info',
        values: [['Num Threads', host.pcpus.length]],
        groups: host.pcpus.map((cpu, pcpu) => ({
          name: `CPU ${pcpu}`,
          values: [
            ['Id', cpu],
            ['Speed MHz', Math.round(host.pcpuMhz)],
          ],
        })),
      },
      {
        name: 'PCI Info',
        groups: found.pciDevices.map(device => ({
          name: `PCI Device ${device.address}`,
          values: [
            ['Vendor Id', hex(device.vendorId)],
            ['Device Id', hex(device.deviceId)],
            ['Sub-Vendor Id', hex(device.subVendorId)],
            ['Sub-Device Id', hex(device.subDeviceId)],
            ['Device Class', hex(device.classId)],
            ['Vendor Name', device.vendorName],
            ['Device Name', device.deviceName],
          ],
        })),
      },
    ],
  };
}

function resource({ memory, vms }: Facts): Group {
  return {
    name: 'Resource Info',
    groups: [
      {
        name: 'Machine Memory',
        values:
          memory === undefined
            ? []
            : [
                ['Total', memory.totalPages * PAGE_BYTES],
                ['VMkernel and Service Console', memory.kernelPages * PAGE_BYTES],
                ['Free', memory.freePages * PAGE_BYTES],
              ],
      },
      {
        name: 'Virtual Machines',
        groups: vms.map(vm => ({
          name: vm.name,
          values: [
            ['World Id', vm.worldId],
            ['Config File', vm.vmxPath],
            ['State', vm.state],
            ['Memory MB', vm.memoryMb],
          ],
        })),
      },
    ],
  };
}

function storage({ datastores }: Facts): Group {
  return {
    name: 'Storage Info',
    groups: datastores.map(datastore => ({
      name: `Volume ${datastore.label}`,
      values: [
        ['Console Path', datastore.path],
        ['Type', datastore.type],
        ['Size', datastore.capacityBytes],
        ['Free', datastore.freeBytes],
        ['Accessible', String(datastore.accessible)],
      ],
    })),
  };
}

function system({ host, nowMs }: Facts): Group {
  return {
    name: 'System Info',
    values: [
      ['Host Name', host.hostName],
      ['Product', host.version],
      ['Boot Id', host.bootId],
      ['Boot Time', new Date(host.bootTimeMs).toISOString()],
      ['Uptime Seconds', Math.floor((nowMs - host.bootTimeMs) / 1000)],
    ],
  };
}

function advancedOptions({ options }: Facts): Group {
  return {
    name: 'Advanced Options',
    groups: options.map(option => ({
      name: option.path,
      values: [
        ['Current Value', option.value],
        ['Default Value', option.defaultValue],
        ['Min Value', option.min],
        ['Max Value', option.max],
        ['Help String', option.description],
      ],
    })),
  };
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`;
}
