import {
  emptySchedControlFigures,
  emptySchedPcpuFigures,
  emptySchedWorldFigures,
  type HostFile,
  MAX_GROUPS,
  MAX_PCPUS,
  MAX_WORLDS,
  type SchedFile,
  type SchedPcpuFigures,
  type SchedWorldFigures,
} from '../../kernel/abi/index.js';
import type { ConsoleTimes } from './console-times.js';

export interface WorldSnapshot {
  readonly row: number;
  readonly generation: number;
  readonly worldId: number;
  readonly groupRow: number;
  readonly kind: number;
  readonly name: string;
  /** The scheduler's figures: the last ones that could be read; null before it counted this world. */
  readonly times: Readonly<SchedWorldFigures> | null;
}

export interface GroupSnapshot {
  readonly row: number;
  readonly groupId: number;
  readonly kind: number;
  readonly name: string;
  readonly shares: number;
  /** Reservation and limit in PCPUs; a limit of -1 is none. */
  readonly min: number;
  readonly max: number;
}

/** The CPU side of a host at one moment. */
export interface Snapshot {
  readonly wallMs: number;
  readonly bootWallMs: number;
  readonly hostName: string;
  /** When the scheduler published last, CLOCK_MONOTONIC: between two snapshots of one publication nothing is new. */
  readonly publishedUs: number;
  /** Over 1, 5 and 15 minutes; null when the row stayed busy. */
  readonly load: readonly [number, number, number] | null;
  readonly groups: readonly GroupSnapshot[];
  readonly worlds: readonly WorldSnapshot[];
  /** By PCPU number; null where the row stayed busy and was never read before. */
  readonly pcpus: readonly (Readonly<SchedPcpuFigures> | null)[];
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
  return {
    wallMs: sources.wallMs,
    bootWallMs: host.hostControl.bootWallMs(),
    hostName: host.hostControl.hostName(),
    publishedUs: load ? control.takenUs : (previous?.publishedUs ?? 0),
    load: load ? [control.load1, control.load5, control.load15] : (previous?.load ?? null),
    groups: readGroups(host),
    worlds: readWorlds(host, sched, previous),
    pcpus: readPcpus(host, sched, previous),
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

function readGroups(host: HostFile): GroupSnapshot[] {
  const table = host.group;
  const groups: GroupSnapshot[] = [];
  const count = Math.min(host.hostControl.groupCount(), MAX_GROUPS);
  for (let row = 0; row < count; row++) {
    const group = readIdentity(
      () => table.generation(row),
      () => ({
        row,
        groupId: table.groupId(row),
        kind: table.kind(row),
        name: table.name(row),
        shares: table.cpuShares(row),
        min: table.cpuMin(row),
        max: table.cpuMax(row),
      }),
    );
    if (group !== null) groups.push(group);
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
        name: table.name(row),
      }),
    );
    if (identity === null) continue;
    const times = readTimes(sched, row, identity.generation, before.get(row));
    worlds.push({ ...identity, times });
  }
  return worlds;
}

function readTimes(
  sched: SchedFile,
  row: number,
  generation: number,
  before: WorldSnapshot | undefined,
): SchedWorldFigures | null {
  const figures = emptySchedWorldFigures();
  if (!sched.schedWorld.read(row, figures))
    return before?.generation === generation ? (before.times as SchedWorldFigures | null) : null;
  return figures.generation === generation && figures.takenUs > 0 ? figures : null;
}

function readPcpus(
  host: HostFile,
  sched: SchedFile,
  previous: Snapshot | null,
): (Readonly<SchedPcpuFigures> | null)[] {
  const count = Math.min(host.hostControl.pcpuCount(), MAX_PCPUS);
  return Array.from({ length: count }, (_, pcpu) => {
    const figures = emptySchedPcpuFigures();
    return sched.schedPcpu.read(pcpu, figures) ? figures : (previous?.pcpus[pcpu] ?? null);
  });
}
