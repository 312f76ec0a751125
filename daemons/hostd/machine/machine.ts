import { readFile } from 'node:fs/promises';
import { type CpuIdLeaf, cpuIdLeaves } from './cpu-id.js';

/** The machine under the host, as Linux tells it. Read once: none of it changes while it runs. */
export interface Machine {
  readonly cpuVendor: string;
  readonly cpuModel: string;
  readonly hz: number;
  readonly packages: readonly CpuPackage[];
  readonly coreCount: number;
  readonly threadCount: number;
  readonly cpuId: readonly CpuIdLeaf[];
  readonly systemVendor: string;
  readonly systemModel: string;
}

export interface CpuPackage {
  readonly index: number;
  readonly threadIds: readonly number[];
}

export async function readMachine(): Promise<Machine> {
  const cpus = parseCpuInfo(await readFile('/proc/cpuinfo', 'utf8'));
  const first = cpus[0] ?? new Map<string, string>();
  const number = (cpu: ReadonlyMap<string, string>, name: string): number => Number(cpu.get(name) ?? 0);
  const packageIds = [...new Set(cpus.map(cpu => number(cpu, 'physical id')))];
  const cores = new Set(cpus.map(cpu => `${number(cpu, 'physical id')}:${number(cpu, 'core id')}`));
  return {
    cpuVendor: vendorName(first.get('vendor_id') ?? ''),
    cpuModel: first.get('model name') ?? 'unknown',
    hz: Math.round(number(first, 'cpu MHz') * 1_000_000),
    packages: packageIds.map((id, index) => ({
      index,
      threadIds: cpus.filter(cpu => number(cpu, 'physical id') === id).map(cpu => number(cpu, 'processor')),
    })),
    coreCount: cores.size,
    threadCount: cpus.length,
    cpuId: cpuIdLeaves(first),
    systemVendor: await readDmi('sys_vendor'),
    systemModel: await readDmi('product_name'),
  };
}

function parseCpuInfo(text: string): Map<string, string>[] {
  const blocks = text.split(/\n\s*\n/).filter(block => block.startsWith('processor'));
  return blocks.map(block => {
    const rows = block.split('\n').map(row => row.split(/\s*:\s*/, 2));
    return new Map(rows.map(([name = '', value = '']) => [name.trim(), value]));
  });
}

function vendorName(vendorId: string): string {
  if (vendorId === 'GenuineIntel') return 'intel';
  return vendorId === 'AuthenticAMD' ? 'amd' : 'unknown';
}

/** Containers and some virtual machines have no DMI table. */
async function readDmi(name: string): Promise<string> {
  const text = await readFile(`/sys/class/dmi/id/${name}`, 'utf8').catch(() => '');
  return text.trim() || 'unknown';
}
