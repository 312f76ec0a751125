import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import {
  emptySchedGroupFigures,
  emptySchedWorldFigures,
  GroupKind,
  WorldKind,
} from '../../../kernel/abi/index.js';
import { attachStatistics, attachVmm, type Statistics } from '../../../kernel/client/index.js';
import { clockUs, nowUs, processCpuClock } from '../../../lib/linux/index.js';
import { FrontDoorError } from '../errors.js';
import type { GroupSample, Snapshot, WorldSample } from './snapshot.js';

const LOOK_MS = 4;
const LATE_US = 5_000_000;
const TRIES = 20;
/** So soon after a publication Linux's clocks say the same; on a busy machine a later publication is tried, a few times. */
const SOON_US = 20_000;
const PASSED_BY = 3;

/** Reads snapshots of a running host: its shared memory, and /proc for the same threads. */
export class LiveHost {
  readonly #statistics: Statistics;
  readonly #world = emptySchedWorldFigures();
  readonly #group = emptySchedGroupFigures();
  /** Linux's thread of each virtual CPU by world id, as this machine counts. */
  readonly #threads = new Map<number, number>();
  #takenUs = 0;

  /** @param pidOf this machine's pid of a pid of the host's */
  constructor(
    private readonly shmDir: string,
    private readonly pidOf: (pid: number) => number,
  ) {
    this.#statistics = attachStatistics(shmDir);
  }

  /**
   * Waits for the scheduler's next publication and looks.
   * @returns undefined when the signal came first
   * @throws FrontDoorError when the scheduler publishes no more
   */
  async next(signal?: AbortSignal): Promise<Snapshot | undefined> {
    const { schedControl } = this.#statistics.sched;
    for (let tries = 0; tries < TRIES; tries++) {
      if (!(await this.#published(signal))) return undefined;
      const takenUs = schedControl.takenUs();
      const snapshot = this.#look(takenUs);
      if (schedControl.takenUs() !== takenUs || snapshot === undefined) continue;
      this.#takenUs = takenUs;
      if (snapshot.endUs - takenUs <= SOON_US || tries >= PASSED_BY) return snapshot;
    }
    throw new FrontDoorError('HostFailed', 'the figures moved whenever they were read');
  }

  async #published(signal: AbortSignal | undefined): Promise<boolean> {
    const untilUs = nowUs() + LATE_US;
    while (this.#statistics.sched.schedControl.takenUs() === this.#takenUs) {
      if (signal?.aborted === true) return false;
      if (nowUs() > untilUs) throw new FrontDoorError('HostFailed', 'the scheduler publishes no more');
      await delay(LOOK_MS);
    }
    return signal?.aborted !== true;
  }

  /** @returns undefined when rows of a later publication were met */
  #look(takenUs: number): Snapshot | undefined {
    const { host } = this.#statistics;
    const atUs = nowUs();
    const isLater = (sample: WorldSample | GroupSample): boolean => sample.takenUs > takenUs;
    const worlds = new Map<number, WorldSample>();
    for (let row = 0; row < host.hostControl.worldCount(); row++) {
      const sample = this.#worldAt(row);
      if (sample === 'torn' || (sample !== null && isLater(sample))) return undefined;
      if (sample !== null) worlds.set(row, sample);
    }
    const groups = new Map<number, GroupSample>();
    for (let row = 0; row < host.hostControl.groupCount(); row++) {
      const sample = this.#groupAt(row);
      if (sample === 'torn' || (sample !== null && isLater(sample))) return undefined;
      if (sample !== null) groups.set(row, sample);
    }
    const cpus = Array.from({ length: host.hostControl.pcpuCount() }, (_, row) => host.pcpu.cpu(row));
    return { atUs, endUs: nowUs(), worlds, groups, cpus };
  }

  #worldAt(row: number): WorldSample | null | 'torn' {
    const { world } = this.#statistics.host;
    const generation = world.generation(row);
    if ((generation & 1) === 0) return null;
    const times = this.#world;
    if (!this.#statistics.sched.schedWorld.read(row, times)) return 'torn';
    if (times.generation !== generation) return null; // the scheduler has not met it yet
    const { runUs, readyUs, costopUs, waitUs, usedUs, limitedUs, takenUs } = times;
    const worldId = world.worldId(row);
    const thread = world.kind(row) === WorldKind.vmm ? this.#threadOf(worldId, world.pid(row)) : null;
    return {
      row,
      generation,
      worldId,
      name: world.name(row),
      groupRow: world.groupRow(row),
      createdUs: times.createdUs,
      takenUs,
      runUs,
      readyUs,
      costopUs,
      waitUs,
      usedUs,
      limitedUs,
      linuxUs: thread?.usedUs ?? null,
      linuxAtUs: nowUs(),
      cpu: thread?.cpu ?? null,
    };
  }

  #groupAt(row: number): GroupSample | null | 'torn' {
    const { group, vm } = this.#statistics.host;
    const generation = group.generation(row);
    if ((generation & 1) === 0) return null;
    const sums = this.#group;
    if (!this.#statistics.sched.schedGroup.read(row, sums)) return 'torn';
    const vmRow = group.kind(row) === GroupKind.vm ? group.vmRow(row) : -1;
    const max = group.cpuMax(row);
    const { runUs, readyUs, costopUs, waitUs, usedUs, limitedUs, takenUs } = sums;
    return {
      row,
      generation,
      name: group.name(row),
      parentRow: group.parentRow(row),
      max: max < 0 ? null : max,
      affinity: BigInt(group.affinityLow(row) >>> 0) | (BigInt(group.affinityHigh(row) >>> 0) << 32n),
      takenUs,
      published: sums.generation === generation,
      processUs: vmRow < 0 ? null : processUs(this.pidOf(vm.pid(vmRow))),
      runUs,
      readyUs,
      costopUs,
      waitUs,
      usedUs,
      limitedUs,
    };
  }

  #threadOf(worldId: number, hostPid: number): { usedUs: number; cpu: number } | null {
    const pid = this.pidOf(hostPid);
    if (pid === 0) return null;
    const tid = this.#threads.get(worldId) ?? this.#findThread(worldId, pid);
    return tid === undefined ? null : readThread(pid, tid);
  }

  /** A host in a pid namespace of its own calls the thread otherwise: its last name in NSpid. */
  #findThread(worldId: number, pid: number): number | undefined {
    const named = monitorTid(this.shmDir, worldId);
    if (named === 0) return undefined;
    const found = tasksOf(pid).find(tid => lastPid(pid, tid) === named);
    if (found !== undefined) this.#threads.set(worldId, found);
    return found;
  }
}

function processUs(pid: number): number | null {
  if (pid === 0) return null;
  const us = clockUs(processCpuClock(pid));
  return us < 0 ? null : us;
}

function monitorTid(shmDir: string, worldId: number): number {
  return orGone(() => attachVmm(shmDir, worldId).vmmReport.tid()) ?? 0;
}

function tasksOf(pid: number): number[] {
  return orGone(() => readdirSync(`/proc/${pid}/task`).map(Number)) ?? [];
}

function lastPid(pid: number, tid: number): number | undefined {
  const status = orGone(() => readFileSync(`/proc/${pid}/task/${tid}/status`, 'latin1'));
  return Number(/^NSpid:.*?(\d+)$/m.exec(status ?? '')?.[1]);
}

/** CPU time to the nanosecond, from schedstat; the CPU it ran on last, field 39 of stat. */
function readThread(pid: number, tid: number): { usedUs: number; cpu: number } | null {
  return orGone(() => {
    const stat = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'latin1');
    const ranNs = Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'latin1').split(' ')[0]);
    const cpu = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[36]);
    return { usedUs: ranNs / 1000, cpu };
  });
}

/** What is read of something that may end at any moment: null when it has. */
function orGone<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
