import type { CpuOptionTable, CpuOptionWriter } from './generated.js';

/**
 * A value of the VMkernel that administrators tune (esxcfg-advcfg). All of them are whole numbers, act as soon as they
 * are set, and live in shared memory; esx.conf keeps them under `/adv` and their path.
 */
export interface AdvancedOption {
  /** `/Cpu/Quantum`: its group and its name. */
  readonly path: string;
  readonly description: string;
  readonly min: number;
  readonly max: number;
  readonly defaultValue: number;
  /** @returns the value that acts, in the option's own unit */
  read(table: CpuOptionTable): number;
  write(table: CpuOptionWriter, value: number): void;
}

export interface AdvancedOptionInfo {
  readonly path: string;
  readonly description: string;
  readonly min: number;
  readonly max: number;
  readonly defaultValue: number;
  readonly value: number;
}

const US_PER_MS = 1000;

/** Those that act. */
export const ADVANCED_OPTIONS: readonly AdvancedOption[] = [
  {
    path: '/Cpu/BoundLagQuanta',
    description: 'number of global quanta before bound lag',
    min: 1,
    max: 100,
    defaultValue: 2,
    read: table => table.boundLagQuanta(),
    write: (table, value) => table.setBoundLagQuanta(value),
  },
  {
    path: '/Cpu/Quantum',
    description: 'quantum in milliseconds',
    min: 5,
    max: 200,
    defaultValue: 20,
    read: table => table.quantumUs() / US_PER_MS,
    write: (table, value) => table.setQuantumUs(value * US_PER_MS),
  },
  {
    path: '/Cpu/VMAdmitCheckPerVcpuMin',
    description: 'admission checks per vcpu min against cpu speed',
    min: 0,
    max: 1,
    defaultValue: 1,
    read: table => table.vmAdmitCheckPerVcpuMin(),
    write: (table, value) => table.setVmAdmitCheckPerVcpuMin(value),
  },
  {
    path: '/Misc/RunningVCpuLimit',
    description: 'maximum number of running vcpus on a host',
    min: 1,
    max: 192,
    defaultValue: 128,
    read: table => table.runningVcpuLimit(),
    write: (table, value) => table.setRunningVcpuLimit(value),
  },
];

/** Case counts, as on the product. */
export function advancedOption(path: string): AdvancedOption | undefined {
  return ADVANCED_OPTIONS.find(option => option.path === path);
}

/** Undefined for what is no whole number or out of the option's range. */
export function parseOptionValue(option: AdvancedOption, text: string): number | undefined {
  const value = /^-?\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN;
  return value >= option.min && value <= option.max ? value : undefined;
}
