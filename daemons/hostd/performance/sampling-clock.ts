import type { PerfSampler } from './perf-sampler.js';
import { LOOK_MS } from './perf-sampler.js';

/** Makes a sampler look at whole multiples of its period, by the wall clock. */
export class SamplingClock {
  readonly #sampler: PerfSampler;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(sampler: PerfSampler, onError: (error: unknown) => void) {
    this.#sampler = sampler;
    this.#onError = onError;
  }

  start(): void {
    this.#timer = setTimeout(() => this.#look(), LOOK_MS - (Date.now() % LOOK_MS)).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    const nowMs = Date.now();
    // A timer may fire a moment before its time: the same instant would come twice.
    if (LOOK_MS - (nowMs % LOOK_MS) > EARLY_MS) {
      try {
        this.#sampler.look(nowMs);
      } catch (error) {
        this.#onError(error);
      }
    }
    this.start();
  }
}

const EARLY_MS = 100;
