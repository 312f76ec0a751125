import { readFile } from 'node:fs/promises';
import { type CpuIdLeaf, cpuIdLeaves } from './cpu-id.js';

/** The processors of the machine, as Linux tells them. Read once: none of it changes while it runs. */
export interface Machine {
  readonly cpuVendor: string;
  readonly cpuModel: string;
  readonly cpus: readonly Cpu[];
  readonly cpuId: readonly CpuIdLeaf[];
}

/** A logical processor. */
export interface Cpu {
  /** Linux's number. */
  readonly id: number;
  readonly packageId: number;
  readonly coreId: number;
}

export interface CpuPackage {
  readonly index: number;
  readonly threadIds: readonly number[];
}

/** How the processors that a host uses are put together. */
export interface CpuTopology {
  readonly packages: readonly CpuPackage[];
  readonly coreCount: number;
  readonly threadCount: number;
}

export async function readMachine(): Promise<Machine> {
  const cpus = parseCpuInfo(await readFile('/proc/cpuinfo', 'utf8'));
  const first = cpus[0] ?? new Map<string, string>();
  const number = (cpu: ReadonlyMap<string, string>, name: string): number => Number(cpu.get(name) ?? 0);
  return {
    cpuVendor: vendorName(first.get('vendor_id') ?? ''),
    cpuModel: first.get('model name') ?? 'unknown',
    cpus: cpus.map(cpu => ({
      id: number(cpu, 'processor'),
      packageId: number(cpu, 'physical id'),
      coreId: number(cpu, 'core id'),
    })),
    cpuId: cpuIdLeaves(first),
  };
}

/** @param pcpus Linux's numbers of the processors that the VMkernel has */
export function topologyOf(machine: Machine, pcpus: readonly number[]): CpuTopology {
  const cpus = machine.cpus.filter(cpu => pcpus.includes(cpu.id));
  const packageIds = [...new Set(cpus.map(cpu => cpu.packageId))];
  return {
    packages: packageIds.map((packageId, index) => ({
      index,
      threadIds: cpus.filter(cpu => cpu.packageId === packageId).map(cpu => pcpus.indexOf(cpu.id)),
    })),
    coreCount: new Set(cpus.map(cpu => `${cpu.packageId}:${cpu.coreId}`)).size,
    threadCount: cpus.length,
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
