/**
 * The counters of PerformanceManager, and what measures them from the VMkernel's shared memory.
 *
 *   perf-counter.ts    a counter, its key, its words; groups and their meters
 *   figure-tables.ts   whose row is where; growing-row.ts what a row grew by; rate-family.ts mean and extremes
 *   cpu-counters.ts, vm-, host-, pool-cpu-meter.ts; rescpu-counters.ts; sys-counters.ts
 *
 * mem, disk and net are further groups beside these. A counter is here only if something measures it.
 */
import type { FigureSources } from '../../machine/host-figures.js';
import { allCpuCounters } from './cpu-counters.js';
import { FigureTables } from './figure-tables.js';
import { HostCpuMeter } from './host-cpu-meter.js';
import type { CounterGroup, PerfCounter } from './perf-counter.js';
import { PoolCpuMeter } from './pool-cpu-meter.js';
import { allRescpuCounters, RescpuCounters } from './rescpu-counters.js';
import { allSysCounters, SysCounters } from './sys-counters.js';
import { VmCpuMeter } from './vm-cpu-meter.js';

export type { CounterGroup, Meter, PerfCounter, PerfEntity, PerfGroup } from './perf-counter.js';
export { counterInfo, description, ROLLUP_LABELS } from './perf-counter.js';

/** All there are, by their keys. */
export const perfCounters: readonly PerfCounter[] = [
  ...allCpuCounters,
  ...allSysCounters,
  ...allRescpuCounters,
];

/** @param lookMs time between two looks */
export function counterGroups(sources: FigureSources, lookMs: number): CounterGroup[] {
  const tables = new FigureTables(sources);
  const cpu: CounterGroup = {
    meter: ({ kind, id }) => {
      if (kind === 'host') return new HostCpuMeter(tables);
      return kind === 'vm' ? new VmCpuMeter(tables, id) : new PoolCpuMeter(tables, id);
    },
  };
  return [cpu, new SysCounters(tables), new RescpuCounters(tables, lookMs)];
}
