import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PcpuWriter } from '../abi/index.js';
import { parseCpuList } from './hardware.js';

/** Where a PCPU sits in the machine: numbers of core, package and NUMA node, each counted from 0 without gaps. */
export interface PcpuPlace {
  readonly cpu: number;
  readonly core: number;
  readonly package: number;
  readonly node: number;
}

const MAX_NODES = 64;

/**
 * The topology of the machine's CPUs from sysfs; a CPU that it does not describe is a core of its own.
 * @param sysfs the folder that is /sys
 */
export function readTopology(cpus: readonly number[], sysfs = '/sys'): PcpuPlace[] {
  const nodes = nodesOf(sysfs);
  const packages = new Numbering();
  const cores = new Numbering();
  const nodeNumbers = new Numbering();
  return cpus.map(cpu => {
    const topology = join(sysfs, `devices/system/cpu/cpu${cpu}/topology`);
    const packageId = readText(join(topology, 'physical_package_id')) ?? `cpu${cpu}`;
    const coreId = readText(join(topology, 'core_id')) ?? `cpu${cpu}`;
    return {
      cpu,
      core: cores.of(`${packageId}/${coreId}`),
      package: packages.of(packageId),
      node: nodeNumbers.of(`${nodes.get(cpu) ?? 0}`),
    };
  });
}

export function describePcpus(table: PcpuWriter, places: readonly PcpuPlace[]): void {
  places.forEach((place, pcpu) => {
    table.setCpu(pcpu, place.cpu);
    table.setCore(pcpu, place.core);
    table.setPackage(pcpu, place.package);
    table.setNode(pcpu, place.node);
  });
}

class Numbering {
  readonly #numbers = new Map<string, number>();

  of(id: string): number {
    const known = this.#numbers.get(id) ?? this.#numbers.size;
    this.#numbers.set(id, known);
    return known;
  }
}

function nodesOf(sysfs: string): Map<number, number> {
  const found = new Map<number, number>();
  for (let node = 0; node < MAX_NODES; node++) {
    const list = readText(join(sysfs, `devices/system/node/node${node}/cpulist`));
    for (const cpu of parseCpuList(list ?? '')) found.set(cpu, node);
  }
  return found;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    // The machine does not say.
    return undefined;
  }
}
