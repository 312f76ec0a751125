import { counterAt, type PerfCounter } from './perf-counter.js';
import { familyAt, membersOf } from './rate-family.js';

const time = (place: number, name: string, label: string, summary: string): PerfCounter =>
  counterAt(
    'cpu',
    place,
    { name, unit: 'millisecond', stats: 'delta', label, summary },
    { rollup: 'summation', level: 3 },
  );

/**
 * The CPU counters of ESX Server 3.5 at the keys that a host has for them. Where 3.5 had `extra` and `guaranteed`, which
 * later hosts lack, is not known: they stand behind the others.
 */
export const cpuCounters = {
  usage: familyAt('cpu', 0, {
    name: 'usage',
    unit: 'percent',
    stats: 'rate',
    label: 'CPU Usage',
    summary: 'CPU used, of all PCPUs of the host or of all virtual CPUs of the machine',
  }),
  usagemhz: familyAt('cpu', 4, {
    name: 'usagemhz',
    unit: 'megaHertz',
    stats: 'rate',
    label: 'CPU Usage in MHz',
    summary: 'CPU used, in MHz',
  }),
  reservedCapacity: counterAt(
    'cpu',
    8,
    {
      name: 'reservedCapacity',
      unit: 'megaHertz',
      stats: 'absolute',
      label: 'CPU Reserved Capacity',
      summary: 'CPU that running virtual machines have reserved',
    },
    { rollup: 'average', level: 2 },
  ),
  system: time(9, 'system', 'CPU System', 'Time that the VMkernel spent for it'),
  wait: time(10, 'wait', 'CPU Wait', 'Time in which it waited, idle time included'),
  ready: time(11, 'ready', 'CPU Ready', 'Time in which it could have run and had no PCPU'),
  used: time(12, 'used', 'CPU Used', 'Time charged to it'),
  idle: time(13, 'idle', 'CPU Idle', 'Time in which it had nothing to do'),
  extra: time(14, 'extra', 'CPU Extra', 'Time used beyond what was guaranteed'),
  guaranteed: counterAt(
    'cpu',
    15,
    {
      name: 'guaranteed',
      unit: 'millisecond',
      stats: 'delta',
      label: 'CPU Guaranteed',
      summary: 'Time it would have been given if everybody had wanted all they may have',
    },
    { rollup: 'latest', level: 3 },
  ),
} as const;

export const allCpuCounters: readonly PerfCounter[] = [
  ...membersOf(cpuCounters.usage),
  ...membersOf(cpuCounters.usagemhz),
  cpuCounters.reservedCapacity,
  cpuCounters.system,
  cpuCounters.wait,
  cpuCounters.ready,
  cpuCounters.used,
  cpuCounters.idle,
  cpuCounters.extra,
  cpuCounters.guaranteed,
];

/** A PCPU used wholly: usage in hundredths of a percent, time in ms of a real-time sample. */
export const USAGE_OF_PCPU = 10_000;
export const SAMPLE_MS = 20_000;
