import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HardwareInfo, NumaNodeInfo, PciDeviceInfo } from '../abi/index.js';
import { type PciNames, parsePciNames } from './pci-names.js';

const PCI_ID_LISTS = ['/usr/share/misc/pci.ids', '/usr/share/hwdata/pci.ids'];

/**
 * The machine's hardware from sysfs, which the service console does not have.
 * @param sysfs the folder that is /sys
 */
export async function readHardware(sysfs = '/sys'): Promise<HardwareInfo> {
  const dmi = (name: string) => readText(join(sysfs, 'class/dmi/id', name));
  const [systemVendor, productName, biosVersion, biosDate] = await Promise.all(
    ['sys_vendor', 'product_name', 'bios_version', 'bios_date'].map(dmi),
  );
  return {
    ...(systemVendor ? { systemVendor } : {}),
    ...(productName ? { productName } : {}),
    ...(biosVersion ? { biosVersion } : {}),
    ...(biosDate ? { biosDate } : {}),
    pciDevices: await readPciDevices(join(sysfs, 'bus/pci/devices')),
    numaNodes: await readNumaNodes(join(sysfs, 'devices/system/node')),
  };
}

async function readPciDevices(folder: string): Promise<PciDeviceInfo[]> {
  const addresses = (await names(folder)).filter(name =>
    /^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.\d$/.test(name),
  );
  if (addresses.length === 0) return [];
  const known = await readPciNames();
  return Promise.all(
    addresses.sort().map(async address => {
      const number = async (file: string) => Number((await readText(join(folder, address, file))) ?? 0);
      const [vendorId, deviceId] = [await number('vendor'), await number('device')];
      return {
        address,
        vendorId,
        deviceId,
        classId: (await number('class')) >>> 8,
        subVendorId: await number('subsystem_vendor'),
        subDeviceId: await number('subsystem_device'),
        vendorName: known.vendor(vendorId),
        deviceName: known.device(vendorId, deviceId),
      };
    }),
  );
}

async function readPciNames(): Promise<PciNames> {
  for (const path of PCI_ID_LISTS) {
    const text = await readText(path);
    if (text !== undefined) return parsePciNames(text);
  }
  return parsePciNames('');
}

async function readNumaNodes(folder: string): Promise<NumaNodeInfo[]> {
  const nodes = (await names(folder)).filter(name => /^node\d+$/.test(name));
  const read = nodes.map(async name => ({
    node: Number(name.slice(4)),
    cpus: parseCpuList((await readText(join(folder, name, 'cpulist'))) ?? ''),
    memoryBytes:
      Number(/MemTotal:\s+(\d+)/.exec((await readText(join(folder, name, 'meminfo'))) ?? '')?.[1] ?? 0) *
      1024,
  }));
  return (await Promise.all(read)).sort((one, other) => one.node - other.node);
}

/** `0-3,8` */
export function parseCpuList(text: string): number[] {
  return text
    .split(',')
    .filter(range => /^\d+(-\d+)?$/.test(range))
    .flatMap(range => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

/** Folders and files that a machine does not have are as empty ones. */
async function names(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}

async function readText(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').then(
    text => text.trim(),
    () => undefined,
  );
}
