import { WorldKind } from '../../kernel/abi/index.js';
import { type ConsoleRate, consoleRate } from './console-times.js';
import { type GroupRate, groupRates } from './group-rates.js';
import { type PcpuRates, pcpuRates } from './pcpu-rates.js';
import type { Snapshot, WorldFigures, WorldSnapshot } from './snapshot.js';

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

/** What a monitor's world did in an interval; a group's is the sum over its monitors' worlds. */
export interface MonitorRate {
  /** Percent of one PCPU in code of the guest outside ring 0, in its ring 0, and in the monitor itself. */
  readonly guestUser: number;
  readonly guestKernel: number;
  readonly monitor: number;
  /** Per second: grants, grants on another PCPU than before, interrupts of the guest, those of its timers. */
  readonly switches: number;
  readonly migrations: number;
  readonly interrupts: number;
  readonly timers: number;
}

export interface WorldRate {
  readonly worldId: number;
  readonly groupId: number;
  readonly kind: number;
  readonly name: string;
  /** PCPU of its present or last grant. */
  readonly pcpu: number | null;
  /** The only PCPU it may use; null: those of its group. */
  readonly boundTo: number | null;
  /** null: the scheduler published nothing about it between the two snapshots. */
  readonly percent: CpuPercent | null;
  /** null of a world that Linux schedules by itself: nobody counts this of it. */
  readonly monitor: MonitorRate | null;
}

export interface CpuSample extends PcpuRates {
  readonly wallMs: number;
  readonly upMs: number;
  readonly hostName: string;
  readonly worldCount: number;
  readonly load: readonly [number, number, number] | null;
  readonly console: ConsoleRate | null;
  /** Groups that have worlds, and pools, in the order of their GIDs. */
  readonly groups: readonly GroupRate[];
}

/** What happened between two snapshots of one boot. */
export function ratesBetween(before: Snapshot, after: Snapshot): CpuSample {
  const earlier = new Map(before.worlds.map(world => [world.row, world]));
  return {
    wallMs: after.wallMs,
    upMs: Math.max(0, after.wallMs - after.bootWallMs),
    hostName: after.hostName,
    worldCount: after.worlds.length,
    load: after.load,
    ...pcpuRates(before, after),
    console: consoleRate(before.console, after.console),
    groups: groupRates(before, after, (world, groupId) => worldRate(earlier.get(world.row), world, groupId)),
  };
}

function worldRate(before: WorldSnapshot | undefined, world: WorldSnapshot, groupId: number): WorldRate {
  const baseline = before?.generation === world.generation ? before.times : null;
  const { worldId, name, kind, times } = world;
  return {
    worldId,
    groupId,
    kind,
    name,
    pcpu: times?.pcpu ?? null,
    boundTo: world.pcpu < 0 ? null : world.pcpu,
    percent: times === null ? null : percentBetween(baseline, times),
    monitor: times === null || kind !== WorldKind.vmm ? null : monitorBetween(baseline, times),
  };
}

/** A world without a baseline was born in the interval: its figures count from its creation. */
function elapsedBetween(before: WorldFigures | null, after: WorldFigures): number {
  return after.takenUs - (before?.takenUs ?? after.createdUs);
}

function percentBetween(before: WorldFigures | null, after: WorldFigures): CpuPercent | null {
  const elapsedUs = elapsedBetween(before, after);
  if (elapsedUs <= 0) return null;
  const share = (field: TimeField): number =>
    Math.max(0, (100 * (after[field] - (before?.[field] ?? 0))) / elapsedUs);
  return {
    used: share('usedUs'),
    run: share('runUs'),
    system: share('systemUs'),
    wait: share('waitUs'),
    ready: share('readyUs'),
    idle: share('idleUs'),
    overlap: share('overlapUs'),
    costop: share('costopUs'),
    limited: share('limitedUs'),
    swap: share('swapUs'),
  };
}

function monitorBetween(before: WorldFigures | null, after: WorldFigures): MonitorRate | null {
  const elapsedUs = elapsedBetween(before, after);
  if (elapsedUs <= 0) return null;
  const part = (field: keyof WorldFigures): number =>
    Math.max(0, (after[field] - (before?.[field] ?? 0)) / elapsedUs);
  return {
    guestUser: 100 * part('guestUserUs'),
    guestKernel: 100 * part('guestKernelUs'),
    monitor: 100 * part('monitorUs'),
    switches: 1e6 * part('dispatches'),
    migrations: 1e6 * part('migrations'),
    interrupts: 1e6 * part('interrupts'),
    timers: 1e6 * part('timerInterrupts'),
  };
}

type TimeField = Extract<keyof WorldFigures, `${string}Us`>;
