import {
  emptySchedControlFigures,
  emptySchedGroupFigures,
  emptySchedPcpuFigures,
  emptySchedWorldFigures,
  type HostFile,
  MAX_GROUPS,
  MAX_PCPUS,
  MAX_WORLDS,
  type SchedFile,
  type SchedGroupFigures,
  type SchedPcpuFigures,
  type SchedWorldFigures,
} from '../../kernel/abi/index.js';
import type { ConsoleTimes } from './console-times.js';

/** What of the scheduler's figures is looked at: times since boot in µs, counts since boot. */
export const WORLD_FIELDS = [
  'generation',
  'pcpu',
  'createdUs',
  'usedUs',
  'runUs',
  'readyUs',
  'waitUs',
  'idleUs',
  'systemUs',
  'overlapUs',
  'costopUs',
  'limitedUs',
  'swapUs',
  'guestUserUs',
  'guestKernelUs',
  'monitorUs',
  'dispatches',
  'migrations',
  'interrupts',
  'timerInterrupts',
  'takenUs',
] as const;
export const GROUP_FIELDS = [
  'generation',
  'usedUs',
  'runUs',
  'readyUs',
  'waitUs',
  'idleUs',
  'systemUs',
  'limitedUs',
  'costopUs',
  'takenUs',
] as const;
export const PCPU_FIELDS = ['usedUs', 'idleUs', 'takenUs'] as const;

export type WorldFigures = Readonly<Pick<SchedWorldFigures, (typeof WORLD_FIELDS)[number]>>;
export type GroupFigures = Readonly<Pick<SchedGroupFigures, (typeof GROUP_FIELDS)[number]>>;
export type PcpuFigures = Readonly<Pick<SchedPcpuFigures, (typeof PCPU_FIELDS)[number]>>;

export interface WorldSnapshot {
  readonly row: number;
  readonly generation: number;
  readonly worldId: number;
  readonly groupRow: number;
  readonly kind: number;
  /** The only PCPU it may use, -1 = any. */
  readonly pcpu: number;
  readonly name: string;
  /** The scheduler's figures: the last ones that could be read; null before it counted this world. */
  readonly times: WorldFigures | null;
}

export interface GroupSnapshot {
  readonly row: number;
  readonly generation: number;
  readonly groupId: number;
  /** -1 at the root. */
  readonly parentRow: number;
  readonly kind: number;
  readonly name: string;
  readonly shares: number;
  /** Reservation and limit in PCPUs; a limit of -1 is none. */
  readonly min: number;
  readonly max: number;
  readonly expandable: number;
  /** CpuUnits */
  readonly units: number;
  /** PCPUs its worlds may use, a bit each; both 0: all. */
  readonly affinityLow: number;
  readonly affinityHigh: number;
  readonly htSharing: number;
  /** Of all its worlds and of the groups below it; null where the scheduler has none yet. */
  readonly figures: GroupFigures | null;
}

/** The CPU side of a host at one moment. */
export interface Snapshot {
  readonly wallMs: number;
  readonly bootWallMs: number;
  readonly hostName: string;
  readonly pcpuMhz: number;
  /** When the scheduler published last, CLOCK_MONOTONIC: between two snapshots of one publication nothing is new. */
  readonly publishedUs: number;
  /** Over 1, 5 and 15 minutes; null when the row stayed busy. */
  readonly load: readonly [number, number, number] | null;
  readonly groups: readonly GroupSnapshot[];
  readonly worlds: readonly WorldSnapshot[];
  /** By PCPU number; null where the row stayed busy and was never read before. */
  readonly pcpus: readonly (PcpuFigures | null)[];
  /** Number of its core by PCPU number. */
  readonly cores: readonly number[];
  readonly console: ConsoleTimes | null;
}

export interface SnapshotSources {
  readonly host: HostFile;
  readonly sched: SchedFile;
  readonly wallMs: number;
  readonly console: ConsoleTimes | null;
}

/** How often a row is read again whose owner changed while it was read. */
const IDENTITY_TRIES = 4;
const inUse = (generation: number): boolean => (generation & 1) === 1;

/**
 * Copies what the host publishes. A row that stays busy keeps the figures of `previous`: they carry their own time,
 * so that the next rate simply covers a longer interval.
 */
export function takeSnapshot(sources: SnapshotSources, previous: Snapshot | null): Snapshot {
  const { host, sched } = sources;
  const control = emptySchedControlFigures();
  const load = sched.schedControl.read(control);
  const pcpuCount = Math.min(host.hostControl.pcpuCount(), MAX_PCPUS);
  return {
    wallMs: sources.wallMs,
    bootWallMs: host.hostControl.bootWallMs(),
    hostName: host.hostControl.hostName(),
    pcpuMhz: host.hostControl.pcpuMhz(),
    publishedUs: load ? control.takenUs : (previous?.publishedUs ?? 0),
    load: load ? [control.load1, control.load5, control.load15] : (previous?.load ?? null),
    groups: readGroups(host, sched, previous),
    worlds: readWorlds(host, sched, previous),
    pcpus: Array.from({ length: pcpuCount }, (_, pcpu) => {
      const figures = emptySchedPcpuFigures();
      return sched.schedPcpu.read(pcpu, figures) ? figures : (previous?.pcpus[pcpu] ?? null);
    }),
    cores: Array.from({ length: pcpuCount }, (_, pcpu) => host.pcpu.core(pcpu)),
    console: sources.console,
  };
}

/** Reads a row of a table without seqlock: true to its owner, or null when it is free or keeps changing. */
function readIdentity<T>(generationOf: () => number, read: (generation: number) => T): T | null {
  for (let attempt = 0; attempt < IDENTITY_TRIES; attempt++) {
    const generation = generationOf();
    if (!inUse(generation)) return null;
    const row = read(generation);
    if (generationOf() === generation) return row;
  }
  return null;
}

function readGroups(host: HostFile, sched: SchedFile, previous: Snapshot | null): GroupSnapshot[] {
  const table = host.group;
  const before = new Map(previous?.groups.map(group => [group.row, group]));
  const groups: GroupSnapshot[] = [];
  const count = Math.min(host.hostControl.groupCount(), MAX_GROUPS);
  for (let row = 0; row < count; row++) {
    const identity = readIdentity(
      () => table.generation(row),
      generation => ({
        row,
        generation,
        groupId: table.groupId(row),
        parentRow: table.parentRow(row),
        kind: table.kind(row),
        name: table.name(row),
        shares: table.cpuShares(row),
        min: table.cpuMin(row),
        max: table.cpuMax(row),
        expandable: table.cpuExpandable(row),
        units: table.cpuUnits(row),
        affinityLow: table.affinityLow(row),
        affinityHigh: table.affinityHigh(row),
        htSharing: table.htSharing(row),
      }),
    );
    if (identity === null) continue;
    const figures = emptySchedGroupFigures();
    const read = sched.schedGroup.read(row, figures);
    groups.push({
      ...identity,
      figures: ofItsOwner(identity, before.get(row)?.figures, read ? figures : null),
    });
  }
  return groups;
}

function readWorlds(host: HostFile, sched: SchedFile, previous: Snapshot | null): WorldSnapshot[] {
  const table = host.world;
  const before = new Map(previous?.worlds.map(world => [world.row, world]));
  const worlds: WorldSnapshot[] = [];
  const count = Math.min(host.hostControl.worldCount(), MAX_WORLDS);
  for (let row = 0; row < count; row++) {
    const identity = readIdentity(
      () => table.generation(row),
      generation => ({
        row,
        generation,
        worldId: table.worldId(row),
        groupRow: table.groupRow(row),
        kind: table.kind(row),
        pcpu: table.pcpu(row),
        name: table.name(row),
      }),
    );
    if (identity === null) continue;
    const figures = emptySchedWorldFigures();
    const read = sched.schedWorld.read(row, figures);
    worlds.push({ ...identity, times: ofItsOwner(identity, before.get(row)?.times, read ? figures : null) });
  }
  return worlds;
}

/** The figures just read, or those of before where the row stayed busy; null unless they are of the row's owner. */
function ofItsOwner<F extends { readonly generation: number; readonly takenUs: number }>(
  owner: { readonly generation: number },
  before: F | null | undefined,
  read: F | null,
): F | null {
  const figures = read ?? before ?? null;
  return figures !== null && figures.generation === owner.generation && figures.takenUs > 0 ? figures : null;
}
