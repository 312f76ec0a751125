import type { PerfCounter } from './counters/index.js';

export interface SamplesShape {
  /** Between two samples; they end at whole multiples of it. */
  readonly periodMs: number;
  /** How many are kept. */
  readonly count: number;
}

/** What a client reads where a counter has no value. */
const NO_VALUE = -1;
const MOST = 2 ** 31 - 1;

/** One counter of one instance. */
export interface Series {
  readonly counter: PerfCounter;
  readonly instance: string;
  /** A slot a sample, as the samples' own are. */
  readonly values: Int32Array;
}

/** The newest samples of an entity: a slot a period, used over and over. A sample has a number: its end ÷ the period. */
export class PerfSamples {
  readonly shape: SamplesShape;
  readonly #numbers: Int32Array;
  readonly #series = new Map<string, Series>();

  constructor(shape: SamplesShape) {
    this.shape = shape;
    this.#numbers = new Int32Array(shape.count).fill(NO_VALUE);
  }

  /** A sample whose values come now; what its slot held is over. */
  begin(number: number): void {
    const slot = this.#slotOf(number);
    this.#numbers[slot] = number;
    for (const { values } of this.#series.values()) values[slot] = NO_VALUE;
    if (slot === 0) this.#dropSilent();
  }

  put(number: number, counter: PerfCounter, instance: string, value: number): void {
    const key = keyOf(counter.key, instance);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { counter, instance, values: new Int32Array(this.shape.count).fill(NO_VALUE) };
      this.#series.set(key, series);
    }
    series.values[this.#slotOf(number)] = Math.min(MOST, Math.max(0, Math.round(value)));
  }

  /** Samples there are with `after` < number ≤ `last`, oldest first. */
  numbers(after: number, last: number): number[] {
    return [...this.#numbers].filter(number => number > after && number <= last).sort((a, b) => a - b);
  }

  all(): Iterable<Series> {
    return this.#series.values();
  }

  find(counterKey: number, instance: string): Series | undefined {
    return this.#series.get(keyOf(counterKey, instance));
  }

  valueAt({ values }: Series, number: number): number {
    return values[this.#slotOf(number)] ?? NO_VALUE;
  }

  clear(): void {
    this.#numbers.fill(NO_VALUE);
    this.#series.clear();
  }

  #slotOf(number: number): number {
    return number % this.shape.count;
  }

  /** What has told nothing for as long as samples are kept. */
  #dropSilent(): void {
    for (const [key, { values }] of this.#series)
      if (values.every(value => value === NO_VALUE)) this.#series.delete(key);
  }
}

const keyOf = (counterKey: number, instance: string): string => `${counterKey}:${instance}`;

/** Joins samples to one of a longer period, as the counter's rollup says; -1 of nothing, and of `none`, which has no rollup. */
export function rolledUp({ counter }: Series, values: readonly number[]): number {
  const known = values.filter(value => value !== NO_VALUE);
  const last = known.at(-1);
  if (last === undefined) return NO_VALUE;
  const sum = known.reduce((total, value) => total + value, 0);
  switch (counter.rollup) {
    case 'average':
      return sum / known.length;
    case 'summation':
      return sum;
    case 'maximum':
      return Math.max(...known);
    case 'minimum':
      return Math.min(...known);
    case 'latest':
      return last;
    case 'none':
      return NO_VALUE;
  }
}
