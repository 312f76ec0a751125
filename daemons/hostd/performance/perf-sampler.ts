import type { FigureSources } from '../machine/host-figures.js';
import { type CounterGroup, counterGroups, type Meter, type PerfEntity } from './counters/index.js';
import { PerfSamples, rolledUp, type SamplesShape } from './perf-samples.js';

/** Real-time samples: 20 s, kept an hour. */
export const realTime: SamplesShape = { periodMs: 20_000, count: 180 };
/** The interval of the past day: 5 minutes, kept 36 hours. */
export const pastDay: SamplesShape = { periodMs: 300_000, count: 432 };
/** Level of statistics from which the past day is made. */
export const PAST_DAY_LEVEL = 2;
/** Looks of an interval tell its extremes. */
export const LOOK_MS = 5_000;

export interface SamplerDependencies {
  /** The VMkernel's shared memory; undefined while there is none. */
  sources(): FigureSources | undefined;
  /** What can be measured now: the host, pools, machines that run. */
  entities(): readonly PerfEntity[];
}

/** What is kept of an entity. */
export interface EntitySamples {
  readonly realTime: PerfSamples;
  readonly pastDay: PerfSamples;
}

interface Measured {
  readonly entity: PerfEntity;
  readonly meters: readonly Meter[];
  /** From the real-time sample after this one on, whole intervals are measured. */
  readonly sinceMs: number;
}

/** Measures all entities: looks at times that are told to it, and keeps a sample whenever an interval is over. */
export class PerfSampler {
  readonly #dependencies: SamplerDependencies;
  readonly #kept = new Map<string, EntitySamples>();
  #measured = new Map<string, Measured>();
  #sources: FigureSources | undefined;
  #groups: readonly CounterGroup[] = [];
  #lastMs = 0;

  constructor(dependencies: SamplerDependencies) {
    this.#dependencies = dependencies;
  }

  /** What is kept of an entity; undefined of one that was never measured. */
  samples(moid: string): EntitySamples | undefined {
    return this.#kept.get(moid);
  }

  /** An entity is gone for good. */
  forget(moid: string): void {
    this.#kept.delete(moid);
    this.#measured.delete(moid);
  }

  /** @param nowMs wall clock, close after a whole multiple of the looks' period */
  look(nowMs: number): void {
    // A clock that was set back would tell of samples to come.
    if (nowMs < this.#lastMs) this.#startAnew();
    this.#follow(nowMs);
    for (const { meters } of this.#measured.values()) for (const meter of meters) meter.look();
    const number = Math.floor(nowMs / realTime.periodMs);
    if (number > Math.floor(this.#lastMs / realTime.periodMs)) this.#settle(number);
    this.#lastMs = nowMs;
  }

  #startAnew(): void {
    this.#kept.clear();
    this.#measured.clear();
  }

  /** Meters for what runs, and none for what does not. */
  #follow(nowMs: number): void {
    const sources = this.#dependencies.sources();
    if (sources !== this.#sources) {
      this.#measured.clear();
      this.#groups = sources === undefined ? [] : counterGroups(sources, LOOK_MS);
      this.#sources = sources;
    }
    const measured = new Map<string, Measured>();
    for (const entity of this.#dependencies.entities()) {
      const before = this.#measured.get(entity.ref.value);
      const isSame = before?.entity.id === entity.id;
      measured.set(entity.ref.value, isSame ? before : this.#begin(entity, nowMs));
    }
    this.#measured = measured;
  }

  #begin(entity: PerfEntity, nowMs: number): Measured {
    const meters = this.#groups.map(group => group.meter(entity)).filter(meter => meter !== undefined);
    return { entity, meters, sinceMs: nowMs };
  }

  #settle(number: number): void {
    const beganMs = (number - 1) * realTime.periodMs;
    for (const [moid, { meters, sinceMs }] of this.#measured) {
      const isWhole = sinceMs < beganMs + LOOK_MS;
      const samples = isWhole ? this.#samplesOf(moid) : undefined;
      samples?.realTime.begin(number);
      for (const meter of meters)
        meter.settle((counter, instance, value) => {
          samples?.realTime.put(number, counter, instance, value);
        });
    }
    const perRollUp = pastDay.periodMs / realTime.periodMs;
    const last = Math.floor(number / perRollUp);
    if (last <= Math.floor(this.#lastMs / pastDay.periodMs)) return;
    for (const [moid, kept] of this.#kept) {
      rollUp(kept, last, perRollUp);
      // Whoever was measured no more for as long as samples are kept has none left.
      if (kept.pastDay.numbers(last - pastDay.count, last).length === 0) this.#kept.delete(moid);
    }
  }

  #samplesOf(moid: string): EntitySamples {
    const kept = this.#kept.get(moid) ?? {
      realTime: new PerfSamples(realTime),
      pastDay: new PerfSamples(pastDay),
    };
    this.#kept.set(moid, kept);
    return kept;
  }
}

/** Makes the sample of the past day out of the real-time ones of its time. */
function rollUp({ realTime: from, pastDay: to }: EntitySamples, number: number, perRollUp: number): void {
  const numbers = from.numbers((number - 1) * perRollUp, number * perRollUp);
  if (numbers.length === 0) return;
  to.begin(number);
  for (const series of from.all()) {
    if (series.counter.level > PAST_DAY_LEVEL) continue;
    const value = rolledUp(
      series,
      numbers.map(one => from.valueAt(series, one)),
    );
    if (value >= 0) to.put(number, series.counter, series.instance, value);
  }
}
