/** CPU time that each counter has come to, µs, and when that was, CLOCK_MONOTONIC, µs. */
export interface CpuSample {
  readonly usedUs: ReadonlyMap<number | string, number>;
  readonly takenUs: number;
}

/** Rates are over at least this long, so that many readers do not make them jump. */
const SHORTEST_RATE_US = 1_000_000;

/** CPUs that a set of counters keeps busy, over the time since an earlier reading; at first since boot. */
export class CpuRate {
  #older: CpuSample;
  #newer: CpuSample;

  constructor(bootTimeUs: number) {
    this.#older = { usedUs: new Map(), takenUs: bootTimeUs };
    this.#newer = this.#older;
  }

  /** Undefined where no time has passed. */
  next(now: CpuSample): number | undefined {
    if (now.takenUs - this.#newer.takenUs >= SHORTEST_RATE_US) {
      this.#older = this.#newer;
      this.#newer = now;
    }
    const overUs = now.takenUs - this.#older.takenUs;
    if (overUs <= 0) return undefined;
    let usedUs = 0;
    // A counter that was not there before began at nought.
    for (const [key, value] of now.usedUs) usedUs += Math.max(0, value - (this.#older.usedUs.get(key) ?? 0));
    return usedUs / overUs;
  }
}
