const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 30_000;
const STEADY_MS = 60_000;

/** When a dead daemon is started again: at once, then after 1, 2, 4 … 30 s. A minute of life forgives everything. */
export class RestartPolicy {
  #deaths = 0;

  /** @param livedMs how long it had run */
  nextDelayMs(livedMs: number): number {
    if (livedMs >= STEADY_MS) this.#deaths = 0;
    const delayMs = this.#deaths === 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (this.#deaths - 1), MAX_DELAY_MS);
    this.#deaths++;
    return delayMs;
  }
}
