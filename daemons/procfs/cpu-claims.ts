import { CpuUnits, HtSharing } from '../../kernel/abi/index.js';
import type { Statistics } from '../../kernel/client/index.js';

/** What an administrator asked of a group's CPU time, as it is read and written. */

const PCPUS_OF_A_WORD = 32;

/** PCPUs as a figure in the units that the group's administrator speaks: MHz, or percent of one PCPU. */
export function inUnits({ host }: Statistics, groupRow: number, pcpus: number): string {
  const percent = host.group.cpuUnits(groupRow) === CpuUnits.percent;
  return String(Math.round(pcpus * (percent ? 100 : host.hostControl.pcpuMhz())));
}

export function unitsOf({ host }: Statistics, groupRow: number): string {
  return host.group.cpuUnits(groupRow) === CpuUnits.percent ? 'pct' : 'mhz';
}

export function maxOf(statistics: Statistics, groupRow: number): string {
  const max = statistics.host.group.cpuMax(groupRow);
  return max < 0 ? 'unlimited' : inUnits(statistics, groupRow, max);
}

export function minOf(statistics: Statistics, groupRow: number): string {
  return inUnits(statistics, groupRow, statistics.host.group.cpuMin(groupRow));
}

/** `0,1`, or `all`. */
export function affinityOf({ host }: Statistics, groupRow: number): string {
  const low = host.group.affinityLow(groupRow);
  const high = host.group.affinityHigh(groupRow);
  if (low === 0 && high === 0) return 'all';
  const bits = [low, high].flatMap((word, i) =>
    Array.from({ length: PCPUS_OF_A_WORD }, (_, bit) => bit)
      .filter(bit => ((word >>> bit) & 1) === 1)
      .map(bit => bit + PCPUS_OF_A_WORD * i),
  );
  return bits.join(',');
}

export function htSharingOf({ host }: Statistics, groupRow: number): string {
  const sharing = host.group.htSharing(groupRow);
  return Object.entries(HtSharing).find(([, value]) => value === sharing)?.[0] ?? '?';
}
