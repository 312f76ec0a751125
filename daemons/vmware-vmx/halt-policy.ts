/**
 * How long a halted guest sleeps. An idle guest with a periodic tick would wake hundreds of times a second to do
 * nothing; its clocks run on real time, so ticks that pass unseen merge into one and cost it no time. While it does
 * real work its timers are kept exactly; when all it did lately was to tick, sleeps grow step by step to `longestMs`.
 */
export interface HaltPolicyOptions {
  /** Sleeps of an idle guest are at least this long in the end. */
  readonly longestMs: number;
  /** A guest that ran less than this between two halts was only ticking. */
  readonly tickMs: number;
  /** As many such halts make it idle. */
  readonly ticksUntilIdle: number;
}

export const DEFAULT_HALT_POLICY: HaltPolicyOptions = { longestMs: 40, tickMs: 1, ticksUntilIdle: 16 };
const GROWTH = 1.25;
const FIRST_STEP_MS = 4;

export class HaltPolicy {
  readonly #options: HaltPolicyOptions;
  #ticks = 0;
  #minimumMs = 0;

  constructor(options: HaltPolicyOptions = DEFAULT_HALT_POLICY) {
    this.#options = options;
  }

  /** Something from outside reached the guest: it will work. */
  wake(): void {
    this.#ticks = 0;
    this.#minimumMs = 0;
  }

  /**
   * @param ranMs how long the guest ran since it last halted
   * @param timerMs when its next timer is due
   * @returns how long to sleep, ms
   */
  sleepMs(ranMs: number, timerMs: number): number {
    const { longestMs, tickMs, ticksUntilIdle } = this.#options;
    if (ranMs >= tickMs) {
      this.wake();
      return timerMs;
    }
    if (++this.#ticks > ticksUntilIdle)
      this.#minimumMs = Math.min(longestMs, Math.max(FIRST_STEP_MS, this.#minimumMs * GROWTH));
    return Math.max(timerMs, this.#minimumMs);
  }
}
