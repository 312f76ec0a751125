import { lineage, type Snapshot, type WorldSample } from './snapshot.js';
import type { Violation } from './violation.js';

/** A thread that only looks whether it may run uses less than this between two looks. */
const GLANCE_US = 2000;

/**
 * Worlds that ran on a PCPU which they may not use. A thread shows the CPU it ran on last: who stood on it before it was
 * forbidden, and has not run since, did nothing wrong; so it must have been forbidden at both looks, and used since.
 */
export function checkPlaces(before: Snapshot, after: Snapshot): Violation[] {
  const violations: Violation[] = [];
  for (const world of after.worlds.values()) {
    const then = before.worlds.get(world.row);
    if (world.cpu === null || then?.generation !== world.generation || then.cpu !== world.cpu) continue;
    if ((world.linuxUs ?? 0) - (then.linuxUs ?? 0) < GLANCE_US) continue;
    if (mayUse(before, then) || mayUse(after, world)) continue;
    violations.push({
      rule: 'affinity',
      who: `world ${world.worldId} ${world.name}`,
      what: `ran on Linux's CPU ${world.cpu}`,
    });
  }
  return violations;
}

function mayUse({ groups, cpus }: Snapshot, world: WorldSample): boolean {
  const pcpu = cpus.indexOf(world.cpu ?? -1);
  const restricted = lineage(groups, world.groupRow).filter(group => group.affinity !== 0n);
  if (pcpu < 0) return restricted.length === 0;
  return restricted.every(group => (group.affinity & (1n << BigInt(pcpu))) !== 0n);
}
