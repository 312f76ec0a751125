import { CpuUnits, GroupKind, HtSharing } from '../../kernel/abi/index.js';
import type { CpuPercent, MonitorRate, WorldRate } from './rates.js';
import type { GroupFigures, GroupSnapshot, Snapshot, WorldSnapshot } from './snapshot.js';

/** What an administrator gave a group, in its units; -1 is no limit. */
export interface CpuAllocation {
  readonly min: number;
  readonly max: number;
  /** Up to where its children may reserve beyond `min` out of its parent. */
  readonly minLimit: number;
  readonly shares: number;
  readonly units: 'mhz' | 'pct';
}

export interface GroupRate {
  readonly groupId: number;
  /** GID of the pool it is in; null where it is in none. */
  readonly parentId: number | null;
  readonly kind: number;
  readonly name: string;
  readonly allocation: CpuAllocation;
  /** Hexadecimal, a bit for each PCPU. */
  readonly affinity: string;
  readonly htSharing: string;
  /** Those that are directly in it. */
  readonly worlds: readonly WorldRate[];
  /** Worlds in it and in the groups below it. */
  readonly members: number;
  /** As the scheduler sums them up, ended worlds included; else the sum over those worlds that have figures. */
  readonly percent: CpuPercent | null;
  readonly monitor: MonitorRate | null;
}

type Rate = (world: WorldSnapshot, groupId: number) => WorldRate;

/** Every group that has worlds or is a pool. The host, which all are in, is none of them. */
export function groupRates(before: Snapshot, after: Snapshot, rate: Rate): GroupRate[] {
  const earlier = new Map(before.groups.map(group => [group.row, group]));
  const byRow = new Map(after.groups.map(group => [group.row, group]));
  const own = new Map<number, WorldRate[]>(after.groups.map(group => [group.row, []]));
  for (const world of after.worlds) {
    const group = byRow.get(world.groupRow);
    if (group !== undefined) own.get(group.row)?.push(rate(world, group.groupId));
  }
  const all = new Map(after.groups.map(group => [group.row, [...(own.get(group.row) ?? [])]]));
  for (const group of after.groups)
    for (const ancestor of ancestors(group, byRow))
      all.get(ancestor.row)?.push(...(own.get(group.row) ?? []));
  return after.groups
    .filter(({ row, kind }) => kind !== GroupKind.host && (kind === GroupKind.pool || own.get(row)?.length))
    .map(group => {
      const worlds = [...(own.get(group.row) ?? [])].sort((a, b) => a.worldId - b.worldId);
      const members = all.get(group.row) ?? [];
      const parent = byRow.get(group.parentRow);
      return {
        groupId: group.groupId,
        parentId: parent?.kind === GroupKind.pool ? parent.groupId : null,
        kind: group.kind,
        name: group.name,
        allocation: allocationOf(group, after.pcpuMhz),
        affinity: affinityMask(group.affinityLow, group.affinityHigh, after.pcpus.length),
        htSharing: nameOf(group.htSharing),
        worlds,
        members: members.length,
        percent: groupPercent(earlier.get(group.row), group, members),
        monitor: sumOf(members.map(world => world.monitor)),
      };
    })
    .sort((a, b) => a.groupId - b.groupId);
}

/** From its parent up to the root; a table that leads in a circle ends where it began. */
function ancestors(group: GroupSnapshot, byRow: ReadonlyMap<number, GroupSnapshot>): GroupSnapshot[] {
  const found: GroupSnapshot[] = [];
  let at = byRow.get(group.parentRow);
  while (at !== undefined && at.row !== group.row && !found.includes(at)) {
    found.push(at);
    at = byRow.get(at.parentRow);
  }
  return found;
}

function groupPercent(
  before: GroupSnapshot | undefined,
  group: GroupSnapshot,
  members: readonly WorldRate[],
): CpuPercent | null {
  const sum = sumOf(members.map(world => world.percent));
  const from = before?.generation === group.generation ? before.figures : null;
  if (sum === null || from === null || group.figures === null) return sum;
  return { ...sum, ...summedByScheduler(from, group.figures) };
}

/** Of what it sums up; overlap and waiting for pages it does not. */
function summedByScheduler(before: GroupFigures, after: GroupFigures): Partial<CpuPercent> {
  const elapsedUs = after.takenUs - before.takenUs;
  if (elapsedUs <= 0) return {};
  const share = (field: Exclude<keyof GroupFigures, 'generation'>): number =>
    Math.max(0, (100 * (after[field] - before[field])) / elapsedUs);
  return {
    used: share('usedUs'),
    run: share('runUs'),
    system: share('systemUs'),
    wait: share('waitUs'),
    ready: share('readyUs'),
    idle: share('idleUs'),
    costop: share('costopUs'),
    limited: share('limitedUs'),
  };
}

/** Field by field over those that are known; null when none is. */
function sumOf<R extends { readonly [K in keyof R]: number }>(rates: readonly (R | null)[]): R | null {
  const known = rates.filter(rate => rate !== null);
  if (known.length === 0) return null;
  return known.reduce((a, b) => {
    const sum: Record<string, number> = {};
    for (const key of Object.keys(a) as (keyof R & string)[]) sum[key] = a[key] + b[key];
    return sum as R;
  });
}

function allocationOf(group: GroupSnapshot, pcpuMhz: number): CpuAllocation {
  const percent = group.units === CpuUnits.percent;
  const inUnits = (pcpus: number): number => Math.round(pcpus * (percent ? 100 : pcpuMhz));
  const min = inUnits(group.min);
  return {
    min,
    max: group.max < 0 ? -1 : inUnits(group.max),
    minLimit: group.kind === GroupKind.pool && group.expandable === 0 ? min : -1,
    shares: group.shares,
    units: percent ? 'pct' : 'mhz',
  };
}

const WORD_BITS = 32;

/** @param pcpus how many there are: where no set is given, all */
export function affinityMask(low: number, high: number, pcpus: number): string {
  if (low !== 0 || high !== 0) return hexOf(low >>> 0, high >>> 0);
  const ones = (count: number): number => 2 ** Math.min(WORD_BITS, Math.max(0, count)) - 1;
  return hexOf(ones(pcpus), ones(pcpus - WORD_BITS));
}

function hexOf(low: number, high: number): string {
  return high === 0 ? low.toString(16) : high.toString(16) + low.toString(16).padStart(8, '0');
}

function nameOf(htSharing: number): string {
  return Object.entries(HtSharing).find(([, value]) => value === htSharing)?.[0] ?? '?';
}
