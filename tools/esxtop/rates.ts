import { GroupKind, type SchedPcpuFigures, type SchedWorldFigures } from '../../kernel/abi/index.js';
import { type ConsoleRate, consoleRate } from './console-times.js';
import type { GroupSnapshot, Snapshot, WorldSnapshot } from './snapshot.js';

/** Shares of an interval in percent of one PCPU; for a group the sum over its worlds. */
export interface CpuPercent {
  readonly used: number;
  readonly run: number;
  readonly system: number;
  readonly wait: number;
  readonly ready: number;
  readonly idle: number;
  readonly overlap: number;
  readonly costop: number;
  readonly limited: number;
  readonly swap: number;
}

export interface WorldRate {
  readonly worldId: number;
  readonly groupId: number;
  readonly name: string;
  /** PCPU of its present or last grant. */
  readonly pcpu: number | null;
  /** null: the scheduler published nothing about it between the two snapshots. */
  readonly percent: CpuPercent | null;
}

export interface GroupRate {
  readonly groupId: number;
  readonly name: string;
  readonly isVm: boolean;
  readonly shares: number;
  readonly min: number;
  readonly max: number;
  readonly worlds: readonly WorldRate[];
  /** Sum over those of its worlds that have figures; null when none has. */
  readonly percent: CpuPercent | null;
}

export interface CpuSample {
  readonly wallMs: number;
  readonly upMs: number;
  readonly hostName: string;
  readonly worldCount: number;
  readonly load: readonly [number, number, number] | null;
  /** % used by PCPU number; null where nothing was published in the interval. */
  readonly pcpus: readonly (number | null)[];
  /** Mean over the PCPUs that have a figure. */
  readonly pcpuMean: number | null;
  readonly console: ConsoleRate | null;
  /** Groups that have worlds, in the order of their GIDs. */
  readonly groups: readonly GroupRate[];
}

/** What happened between two snapshots of one boot. */
export function ratesBetween(before: Snapshot, after: Snapshot): CpuSample {
  const earlier = new Map(before.worlds.map(world => [world.row, world]));
  const pcpus = after.pcpus.map((figures, pcpu) => pcpuPercent(before.pcpus[pcpu] ?? null, figures));
  const known = pcpus.filter(percent => percent !== null);
  return {
    wallMs: after.wallMs,
    upMs: Math.max(0, after.wallMs - after.bootWallMs),
    hostName: after.hostName,
    worldCount: after.worlds.length,
    load: after.load,
    pcpus,
    pcpuMean: known.length === 0 ? null : known.reduce((sum, percent) => sum + percent, 0) / known.length,
    console: consoleRate(before.console, after.console),
    groups: groupRates(after, (world, groupId) => worldRate(earlier.get(world.row), world, groupId)),
  };
}

function groupRates(
  after: Snapshot,
  rate: (world: WorldSnapshot, groupId: number) => WorldRate,
): GroupRate[] {
  const members = new Map<number, WorldSnapshot[]>();
  for (const world of after.worlds) {
    const list = members.get(world.groupRow);
    if (list === undefined) members.set(world.groupRow, [world]);
    else list.push(world);
  }
  const groups: GroupRate[] = [];
  for (const group of after.groups) {
    const worlds = members.get(group.row)?.map(world => rate(world, group.groupId));
    if (worlds !== undefined) groups.push(groupRate(group, worlds));
  }
  return groups.sort((a, b) => a.groupId - b.groupId);
}

function groupRate(group: GroupSnapshot, worlds: WorldRate[]): GroupRate {
  const { groupId, name, shares, min, max } = group;
  const known = worlds.map(world => world.percent).filter(percent => percent !== null);
  worlds.sort((a, b) => a.worldId - b.worldId);
  return {
    groupId,
    name,
    isVm: group.kind === GroupKind.vm,
    shares,
    min,
    max,
    worlds,
    percent: known.length === 0 ? null : known.reduce(add),
  };
}

function worldRate(before: WorldSnapshot | undefined, world: WorldSnapshot, groupId: number): WorldRate {
  const baseline = before?.generation === world.generation ? before.times : null;
  return {
    worldId: world.worldId,
    groupId,
    name: world.name,
    pcpu: world.times?.pcpu ?? null,
    percent: world.times === null ? null : percentBetween(baseline, world.times),
  };
}

/** A world without a baseline was born in the interval: its figures count from its creation. */
function percentBetween(
  before: Readonly<SchedWorldFigures> | null,
  after: Readonly<SchedWorldFigures>,
): CpuPercent | null {
  const elapsedUs = after.takenUs - (before?.takenUs ?? after.createdUs);
  if (elapsedUs <= 0) return null;
  const share = (field: TimeField): number =>
    Math.max(0, (100 * (after[field] - (before?.[field] ?? 0))) / elapsedUs);
  const run = share('runUs');
  const system = share('systemUs');
  const overlap = share('overlapUs');
  return {
    used: Math.max(0, run + system - overlap),
    run,
    system,
    wait: share('waitUs'),
    ready: share('readyUs'),
    idle: share('idleUs'),
    overlap,
    costop: share('costopUs'),
    limited: share('limitedUs'),
    swap: share('swapUs'),
  };
}

type TimeField = Extract<keyof SchedWorldFigures, `${string}Us`>;

function pcpuPercent(
  before: Readonly<SchedPcpuFigures> | null,
  after: Readonly<SchedPcpuFigures> | null,
): number | null {
  if (before === null || after === null || after.takenUs <= before.takenUs) return null;
  const percent = (100 * (after.usedUs - before.usedUs)) / (after.takenUs - before.takenUs);
  return Math.min(100, Math.max(0, percent));
}

function add(a: CpuPercent, b: CpuPercent): CpuPercent {
  return {
    used: a.used + b.used,
    run: a.run + b.run,
    system: a.system + b.system,
    wait: a.wait + b.wait,
    ready: a.ready + b.ready,
    idle: a.idle + b.idle,
    overlap: a.overlap + b.overlap,
    costop: a.costop + b.costop,
    limited: a.limited + b.limited,
    swap: a.swap + b.swap,
  };
}
