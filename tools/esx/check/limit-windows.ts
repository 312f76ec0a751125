import { ms } from './invariants.js';
import { type GroupSample, lineage, type Snapshot } from './snapshot.js';
import type { Violation } from './violation.js';

export const WINDOW_US = 10_000_000;
/** A limit is held to one per cent … */
const TOLERANCE = 0.01;
/** … and to the quanta that a bucket of tokens holds at either end of a window. */
const BURST_US = 40_000;

interface Step {
  readonly fromUs: number;
  /** What the limit allowed in it. */
  readonly allowedUs: number;
  readonly usedUs: number;
}

/**
 * Holds every limited group against its limit in every window of ten seconds, by the CPU clocks of the processes of its
 * VMs. A step during which the limit moved counts with the greater one; a VM counts for the groups it was in.
 */
export class LimitWindows {
  readonly #steps = new Map<string, Step[]>();

  /** @param before, after one step of a stream of snapshots */
  step(before: Snapshot, after: Snapshot): Violation[] {
    const used = usedByGroup(before, after);
    const seen = new Set<string>();
    const violations: Violation[] = [];
    for (const group of after.groups.values()) {
      const then = before.groups.get(group.row);
      const max = then?.generation === group.generation ? greater(group.max, then.max) : null;
      if (max === null) continue;
      const key = `${group.row}.${group.generation}`;
      seen.add(key);
      const wallUs = after.atUs - before.atUs;
      const steps = this.#steps.get(key) ?? [];
      this.#steps.set(key, steps);
      steps.push({ fromUs: before.atUs, allowedUs: max * wallUs, usedUs: used.get(group.row) ?? 0 });
      // The clocks of the last look were read one after the other.
      const passed = overLimit(steps, { nowUs: after.atUs, lateUs: max * (after.endUs - after.atUs) });
      if (passed !== undefined) violations.push({ rule: 'limit', who: `group ${group.name}`, what: passed });
    }
    for (const key of this.#steps.keys()) if (!seen.has(key)) this.#steps.delete(key);
    return violations;
  }
}

/** Forgets what lies before the window that ends now. @returns how it passed the limit in this one */
function overLimit(
  steps: Step[],
  { nowUs, lateUs }: { readonly nowUs: number; readonly lateUs: number },
): string | undefined {
  while (steps[1] !== undefined && nowUs - steps[1].fromUs >= WINDOW_US) steps.shift();
  const first = steps[0];
  if (first === undefined || nowUs - first.fromUs < WINDOW_US) return undefined;
  let allowedUs = 0;
  let usedUs = 0;
  for (const step of steps) {
    allowedUs += step.allowedUs;
    usedUs += step.usedUs;
  }
  if (usedUs <= allowedUs * (1 + TOLERANCE) + BURST_US + lateUs) return undefined;
  return `used ${ms(usedUs)} of ${ms(allowedUs)} in ${ms(nowUs - first.fromUs)}`;
}

function usedByGroup(before: Snapshot, after: Snapshot): Map<number, number> {
  const used = new Map<number, number>();
  for (const vm of after.groups.values()) {
    const then = before.groups.get(vm.row);
    if (vm.processUs === null || then?.generation !== vm.generation || then.processUs === null) continue;
    // One that moved to another pool meanwhile counts for neither.
    if (then.parentRow !== vm.parentRow) continue;
    for (const { row } of lineage(after.groups, vm.row))
      used.set(row, (used.get(row) ?? 0) + vm.processUs - then.processUs);
  }
  return used;
}

function greater(a: GroupSample['max'], b: GroupSample['max']): number | null {
  return a === null || b === null ? null : Math.max(a, b);
}
