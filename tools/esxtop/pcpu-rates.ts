import type { PcpuFigures, Snapshot } from './snapshot.js';

/** % used of the interval; null where nothing was published in it. */
export interface PcpuRates {
  /** By core: without hyper-threads every PCPU is one. */
  readonly pcpus: readonly (number | null)[];
  /** Mean over those that have a figure. */
  readonly pcpuMean: number | null;
  /** By PCPU number where cores have several hyper-threads, else null. Those of one core add up to the core's figure. */
  readonly lcpus: readonly (number | null)[] | null;
}

export function pcpuRates(before: Snapshot, after: Snapshot): PcpuRates {
  const threads = after.pcpus.map((figures, pcpu) => percentBetween(before.pcpus[pcpu] ?? null, figures));
  const members = new Map<number, number[]>();
  threads.forEach((_, pcpu) => {
    const core = after.cores[pcpu] ?? pcpu;
    members.set(core, [...(members.get(core) ?? []), pcpu]);
  });
  const lcpus = [...threads];
  const pcpus = [...members.values()].map(core => fitIntoCore(core, lcpus));
  const known = pcpus.filter(percent => percent !== null);
  return {
    pcpus,
    pcpuMean: known.length === 0 ? null : known.reduce((sum, percent) => sum + percent, 0) / known.length,
    lcpus: members.size === threads.length ? null : lcpus,
  };
}

/** A core delivers 100 % whoever uses it: its threads share that in proportion. @returns what the core was used */
function fitIntoCore(core: readonly number[], lcpus: (number | null)[]): number | null {
  const figures = core.map(pcpu => lcpus[pcpu] ?? null).filter(percent => percent !== null);
  if (figures.length === 0) return null;
  const sum = figures.reduce((total, percent) => total + percent, 0);
  if (sum <= 100) return sum;
  for (const pcpu of core) {
    const percent = lcpus[pcpu] ?? null;
    if (percent !== null) lcpus[pcpu] = (100 * percent) / sum;
  }
  return 100;
}

function percentBetween(before: PcpuFigures | null, after: PcpuFigures | null): number | null {
  if (before === null || after === null || after.takenUs <= before.takenUs) return null;
  const percent = (100 * (after.usedUs - before.usedUs)) / (after.takenUs - before.takenUs);
  return Math.min(100, Math.max(0, percent));
}
