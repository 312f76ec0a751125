import { readdirSync, readFileSync } from 'node:fs';
import { getAffinity } from '../../lib/linux/index.js';

/** The machine as the VMkernel finds it. */
export interface Machine {
  /** Linux's numbers of the CPUs it may use, in the order of PCPU numbers. */
  readonly cpus: readonly number[];
  readonly pcpuMhz: number;
  readonly memoryBytes: number;
}

const FALLBACK_MHZ = 1000;

/** @param memoryMb a smaller machine memory than there is, to play a small host on a big machine */
export function readMachine(memoryMb: number | undefined, cpus: readonly number[] | undefined): Machine {
  const meminfo = readFileSync('/proc/meminfo', 'latin1');
  const totalBytes = Number(/^MemTotal:\s+(\d+)/m.exec(meminfo)?.[1] ?? 0) * 1024;
  const mhz = Number(
    /^cpu MHz\s*:\s*([\d.]+)/m.exec(readFileSync('/proc/cpuinfo', 'latin1'))?.[1] ?? FALLBACK_MHZ,
  );
  const allowed = getAffinity();
  return {
    cpus: cpus === undefined ? allowed : cpus.filter(cpu => allowed.includes(cpu)),
    pcpuMhz: mhz,
    memoryBytes: memoryMb === undefined ? totalBytes : Math.min(totalBytes, memoryMb * 1024 * 1024),
  };
}

const WORLDS_OF_THE_VMKERNEL = ['scheduler', 'memory', 'storage'] as const;

/** The threads of this process that are worlds of their own, by the names they gave themselves. */
export function kernelThreads(): Map<string, number> {
  const found = new Map<string, number>();
  for (const tid of readdirSync('/proc/self/task')) {
    const name = readFileSync(`/proc/self/task/${tid}/comm`, 'latin1').trim();
    if (WORLDS_OF_THE_VMKERNEL.some(world => world === name)) found.set(name, Number(tid));
  }
  return found;
}
