import { type CounterFacts, counterAt, type PerfCounter, type PerfGroup, type Tell } from './perf-counter.js';

/** A counter with all its rollups, which have four keys in this order. */
export interface RateFamily {
  readonly none: PerfCounter;
  readonly average: PerfCounter;
  readonly maximum: PerfCounter;
  readonly minimum: PerfCounter;
}

export function familyAt(group: PerfGroup, place: number, facts: CounterFacts): RateFamily {
  return {
    none: counterAt(group, place, facts, { rollup: 'none', level: 4 }),
    average: counterAt(group, place + 1, facts, { rollup: 'average', level: 1 }),
    maximum: counterAt(group, place + 2, facts, { rollup: 'maximum', level: 4 }),
    minimum: counterAt(group, place + 3, facts, { rollup: 'minimum', level: 4 }),
  };
}

export const membersOf = ({ none, average, maximum, minimum }: RateFamily): PerfCounter[] => [
  none,
  average,
  maximum,
  minimum,
];

/** The highest and the lowest rate between two looks of an interval. */
export class Extremes {
  #lowest = Number.POSITIVE_INFINITY;
  #highest = Number.NEGATIVE_INFINITY;

  note(rate: number | undefined): void {
    if (rate === undefined) return;
    this.#lowest = Math.min(this.#lowest, rate);
    this.#highest = Math.max(this.#highest, rate);
  }

  /** Tells all rollups of an interval whose mean was `mean`. @param scale from the rate to the counter's unit */
  settle(tell: Tell, family: RateFamily, { instance, mean, scale }: Settled): void {
    if (mean !== undefined) {
      tell(family.none, instance, mean * scale);
      tell(family.average, instance, mean * scale);
      // A look may have found the writer busy; the mean lies between the extremes all the same.
      tell(family.maximum, instance, Math.max(this.#highest, mean) * scale);
      tell(family.minimum, instance, Math.min(this.#lowest, mean) * scale);
    }
  }

  restart(): void {
    this.#lowest = Number.POSITIVE_INFINITY;
    this.#highest = Number.NEGATIVE_INFINITY;
  }
}

interface Settled {
  readonly instance: string;
  readonly mean: number | undefined;
  readonly scale: number;
}
