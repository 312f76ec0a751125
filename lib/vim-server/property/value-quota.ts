import type { AskedProperties } from './object-properties.js';

/**
 * What the filters of one user's sessions may remember of what they told, together: a number or a text counts one, a
 * structure or a list as many as {@link structureUnits}. A million of them takes some 200 MB.
 */
export const maxValueUnits = 1_000_000;
export const structureUnits = 32;

/** Room for what filters remember. Whoever takes of it gives it back. */
export class ValueQuota {
  #freeUnits: number;

  constructor(units = maxValueUnits) {
    this.#freeUnits = units;
  }

  /** @returns whether there was room */
  take({ units }: AskedProperties): boolean {
    if (units > this.#freeUnits) return false;
    this.#freeUnits -= units;
    return true;
  }

  give({ units }: AskedProperties): void {
    this.#freeUnits += units;
  }
}
