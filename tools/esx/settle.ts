/** When a console session without a terminal is over, once its input has ended. */
export interface SettleOptions {
  /** The session ends when the guest has printed nothing for so long … */
  readonly quietMs: number;
  /** … and at the latest so long after the end of input. */
  readonly limitMs: number;
  /** Given: ends as soon as the output matches, and fails at the limit. */
  readonly waitFor?: RegExp;
}

export type Settled = 'no' | 'yes' | 'limit';

/**
 * - Before the end of input nothing ends.
 * - With `waitFor`: over when what was printed since the first input matches ('limit' when it never does): a serial
 *   port begins with what the guest printed before.
 * - Without: over when the guest has been quiet. Where something was typed the quiet counts only after the guest has
 *   answered, so a slow guest is waited for; one that never stops talking is left at the limit.
 */
export class Settle {
  readonly #options: SettleOptions;
  #printed = '';
  #inputEndMs: number | null = null;
  #lastInputMs: number | null = null;
  #lastOutputMs: number | null = null;

  constructor(options: SettleOptions) {
    this.#options = options;
  }

  typed(nowMs: number): void {
    if (this.#lastInputMs === null) this.#printed = '';
    this.#lastInputMs = nowMs;
  }

  printed(text: string, nowMs: number): void {
    this.#lastOutputMs = nowMs;
    // Enough for a match over many writes; the guest may print for ever.
    if (this.#options.waitFor !== undefined) this.#printed = (this.#printed + text).slice(-65536);
  }

  inputEnded(nowMs: number): void {
    this.#inputEndMs ??= nowMs;
  }

  state(nowMs: number): Settled {
    if (this.#inputEndMs === null) return 'no';
    if (this.#options.waitFor?.test(this.#printed)) return 'yes';
    if (nowMs - this.#inputEndMs >= this.#options.limitMs)
      return this.#options.waitFor === undefined ? 'yes' : 'limit';
    if (this.#options.waitFor !== undefined || !this.#answered()) return 'no';
    return nowMs - Math.max(this.#inputEndMs, this.#lastOutputMs ?? 0) >= this.#options.quietMs
      ? 'yes'
      : 'no';
  }

  #answered(): boolean {
    if (this.#lastInputMs === null) return true;
    return this.#lastOutputMs !== null && this.#lastOutputMs >= this.#lastInputMs;
  }
}
