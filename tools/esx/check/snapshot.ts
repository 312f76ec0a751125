/** The times that a world's wall time is made of, µs. */
export interface Times {
  readonly runUs: number;
  readonly readyUs: number;
  readonly costopUs: number;
  readonly waitUs: number;
}

/** Times and what is summed beside them in a group. */
export interface Sums extends Times {
  readonly usedUs: number;
  readonly limitedUs: number;
}

/** A world at one moment, as the scheduler publishes it, and its thread as Linux sees it. */
export interface WorldSample extends Sums {
  readonly row: number;
  /** The row's owner: another one has another generation. */
  readonly generation: number;
  readonly worldId: number;
  readonly name: string;
  readonly groupRow: number;
  /** When its accounting began, CLOCK_MONOTONIC. */
  readonly createdUs: number;
  /** When the figures were taken, CLOCK_MONOTONIC. */
  readonly takenUs: number;
  /** What Linux counted for it; null where it has no thread of its own. */
  readonly linuxUs: number | null;
  /** When Linux's clock was read, CLOCK_MONOTONIC: after `takenUs`, and the thread may have run on meanwhile. */
  readonly linuxAtUs: number;
  /** Linux's CPU that its thread ran on last; null without a thread. */
  readonly cpu: number | null;
}

export interface GroupSample extends Sums {
  readonly row: number;
  readonly generation: number;
  readonly name: string;
  readonly parentRow: number;
  /** Limit in PCPUs; null = none. */
  readonly max: number | null;
  /** PCPUs that its worlds may use, a bit each; 0n = all. */
  readonly affinity: bigint;
  readonly takenUs: number;
  /** The figures belong to this generation of the row. */
  readonly published: boolean;
  /** CPU time of the VM's whole process by Linux's clock; null where the group is no VM, or it is gone. */
  readonly processUs: number | null;
}

export interface Snapshot {
  /** CLOCK_MONOTONIC before the first of Linux's clocks was read and after the last one, µs. */
  readonly atUs: number;
  readonly endUs: number;
  readonly worlds: ReadonlyMap<number, WorldSample>;
  readonly groups: ReadonlyMap<number, GroupSample>;
  /** Linux's CPU of each PCPU. */
  readonly cpus: readonly number[];
}

/** The groups from a row up to the root. */
export function lineage(groups: ReadonlyMap<number, GroupSample>, row: number): GroupSample[] {
  const found: GroupSample[] = [];
  for (let at = groups.get(row); at !== undefined && !found.includes(at); at = groups.get(at.parentRow))
    found.push(at);
  return found;
}
