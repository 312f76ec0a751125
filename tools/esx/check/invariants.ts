import type { GroupSample, Snapshot, Sums, WorldSample } from './snapshot.js';
import type { Violation } from './violation.js';

/** run + ready + costop + wait may differ so much from the wall. */
export const WALL_TOLERANCE = 0.005;
/** A monitor reports after each slice: so much of the last one may be missing, at either end. */
export const SLICE_US = 25_000;
/** Slices of a guest whose code is not translated yet: so much of the first, while it is young. */
const COLD_SLICE_US = 250_000;
const YOUNG_US = 10_000_000;
/** Rounding of sums of figures that are published one after the other. */
const SUM_TOLERANCE_US = 100;
/** A scheduler that lives publishes twice a second. */
const STALE_US = 3_000_000;

/** What a world did between two snapshots, in µs of wall between its publications. */
export interface WorldInterval extends Sums {
  readonly world: WorldSample;
  readonly wallUs: number;
  readonly linuxUs: number | null;
  /** How long after each publication Linux's clock was read: its thread can have run so much more. */
  readonly lateUs: { readonly before: number; readonly after: number };
}

const SUMMED = ['runUs', 'readyUs', 'costopUs', 'waitUs', 'usedUs', 'limitedUs'] as const;

/** Worlds that lived throughout. */
export function intervals(before: Snapshot, after: Snapshot): WorldInterval[] {
  const found: WorldInterval[] = [];
  for (const now of after.worlds.values()) {
    const then = before.worlds.get(now.row);
    if (then === undefined || then.generation !== now.generation || now.takenUs <= then.takenUs) continue;
    const linuxUs = now.linuxUs === null || then.linuxUs === null ? null : now.linuxUs - then.linuxUs;
    const lateUs = { before: then.linuxAtUs - then.takenUs, after: now.linuxAtUs - now.takenUs };
    found.push({ world: now, wallUs: now.takenUs - then.takenUs, linuxUs, lateUs, ...difference(now, then) });
  }
  return found;
}

/** run + ready + costop + wait = wall, and run = what Linux counted. */
export function checkWorlds(found: readonly WorldInterval[]): Violation[] {
  return found.flatMap(interval => {
    const { world, wallUs, runUs, readyUs, costopUs, waitUs, linuxUs, lateUs } = interval;
    const violations: Violation[] = [];
    const sum = runUs + readyUs + costopUs + waitUs;
    const isYoung = world.takenUs - wallUs - world.createdUs < YOUNG_US;
    const sliceUs = isYoung ? COLD_SLICE_US : SLICE_US;
    const name = `world ${world.worldId} ${world.name}`;
    if (Math.abs(sum - wallUs) > wallUs * WALL_TOLERANCE)
      violations.push({
        rule: 'wall',
        who: name,
        what: `run + ready + costop + wait = ${ms(sum)} in ${ms(wallUs)}`,
      });
    const doubtUs = wallUs * WALL_TOLERANCE + sliceUs;
    if (
      linuxUs !== null &&
      (linuxUs - runUs > doubtUs + lateUs.after || runUs - linuxUs > doubtUs + lateUs.before)
    )
      violations.push({
        rule: 'run',
        who: name,
        what: `run ${ms(runUs)}, by Linux ${ms(linuxUs)}, in ${ms(wallUs)}`,
      });
    if (linuxUs === null ? runUs < -1 : Math.min(runUs, readyUs, costopUs, waitUs) < -1)
      violations.push({ rule: 'backwards', who: name, what: 'a time went back' });
    return violations;
  });
}

/** A group grows by what its worlds and the groups below it do, where none of them came or went. */
export function checkGroups(before: Snapshot, after: Snapshot): Violation[] {
  const violations: Violation[] = [];
  for (const now of after.groups.values()) {
    const then = before.groups.get(now.row);
    if (then === undefined || then.generation !== now.generation) continue;
    const who = `group ${now.name}`;
    if (!now.published || after.atUs - now.takenUs > STALE_US)
      violations.push({ rule: 'stale', who, what: 'its figures are not published' });
    else if (then.published && sameMembers(before, after, now.row)) {
      const grew = difference(now, then);
      const parts = partsOf(before, after, now.row);
      for (const key of SUMMED)
        if (Math.abs(grew[key] - parts[key]) > SUM_TOLERANCE_US)
          violations.push({
            rule: 'sum',
            who,
            what: `${key} ${ms(grew[key])}, of its parts ${ms(parts[key])}`,
          });
    }
  }
  return violations;
}

function partsOf(before: Snapshot, after: Snapshot, row: number): Sums {
  const total: Record<(typeof SUMMED)[number], number> = {
    runUs: 0,
    readyUs: 0,
    costopUs: 0,
    waitUs: 0,
    usedUs: 0,
    limitedUs: 0,
  };
  const add = (now: Sums, then: Sums | undefined): void => {
    if (then !== undefined) for (const key of SUMMED) total[key] += now[key] - then[key];
  };
  for (const world of after.worlds.values())
    if (world.groupRow === row) add(world, before.worlds.get(world.row));
  for (const group of after.groups.values())
    if (group.parentRow === row) add(group, before.groups.get(group.row));
  return total;
}

function sameMembers(before: Snapshot, after: Snapshot, row: number): boolean {
  return members(before, row) === members(after, row);
}

function members({ worlds, groups }: Snapshot, row: number): string {
  const name = (kind: string, { row: at, generation }: WorldSample | GroupSample): string =>
    `${kind}${at}.${generation}`;
  return [
    ...[...worlds.values()].filter(world => world.groupRow === row).map(world => name('w', world)),
    ...[...groups.values()].filter(group => group.parentRow === row).map(group => name('g', group)),
  ]
    .sort()
    .join();
}

function difference(now: Sums, then: Sums): Sums {
  return {
    runUs: now.runUs - then.runUs,
    readyUs: now.readyUs - then.readyUs,
    costopUs: now.costopUs - then.costopUs,
    waitUs: now.waitUs - then.waitUs,
    usedUs: now.usedUs - then.usedUs,
    limitedUs: now.limitedUs - then.limitedUs,
  };
}

export const ms = (us: number): string => `${(us / 1000).toFixed(1)} ms`;
