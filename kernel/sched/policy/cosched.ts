/**
 * How vCPUs of one VM are kept in step. Relaxed (3.x): a halted vCPU never lags, and after a co-stop only those that
 * lag must start together. Strict (2.x): halted ones count too, and the whole VM waits until all of it fits. None: to
 * see what it is for.
 */
export type CoschedMode = 'relaxed' | 'strict' | 'none';

/** Lag behind its running siblings that stops a VM; the product's own figure is not public. */
export const SKEW_LIMIT_US = 3000;
/** A vCPU that has caught up to this part of the limit no longer needs its siblings. */
const CAUGHT_UP = 0.5;
/** Looking exactly at the limit would find it not passed yet. */
const PAST_LIMIT_US = 1;

/**
 * The vCPUs of one VM as bits. Who dispatches tells it what passed; it tells when all must stop and which vCPUs have
 * to start together. All times in µs.
 */
export class Gang {
  /** How far each vCPU is behind its siblings: grows while one of them runs without it, shrinks while it runs. */
  readonly skewUs: Float64Array;
  /** Time each vCPU was runnable but co-descheduled. */
  readonly costopUs: Float64Array;
  readonly all: number;
  #lagging = 0;
  #stopped = false;

  constructor(
    readonly size: number,
    readonly mode: CoschedMode = 'relaxed',
    readonly limitUs: number = SKEW_LIMIT_US,
  ) {
    this.skewUs = new Float64Array(size);
    this.costopUs = new Float64Array(size);
    this.all = size >= 32 ? -1 : (1 << size) - 1;
  }

  /** Co-descheduled: none of it may run until `needed` vCPUs start together. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /**
   * Accounts an interval in which the same vCPUs held PCPUs.
   * @param running bit set of those that held a PCPU
   * @param halted bit set of those whose guest had nothing to do
   * @returns true when the VM is to be co-stopped now
   */
  accrue(elapsedUs: number, running: number, halted: number): boolean {
    // vCPUs that start together get their PCPUs one after the other at the same moment.
    if (elapsedUs <= 0) return false;
    for (let i = 0; i < this.size; i++) {
      const bit = 1 << i;
      if (this.#stopped && ((running | halted) & bit) === 0) this.#add(this.costopUs, i, elapsedUs);
      if ((running & bit) !== 0 || this.#excused(halted, bit)) this.#catchUp(i, bit, halted, elapsedUs);
      else if (running !== 0 && !this.#stopped) this.#fallBehind(i, bit, elapsedUs);
    }
    const missing = this.#lagging & ~running;
    if (this.#stopped || running === 0 || missing === 0) return false;
    this.#stopped = true;
    return true;
  }

  #excused(halted: number, bit: number): boolean {
    return this.mode === 'relaxed' && (halted & bit) !== 0;
  }

  #fallBehind(i: number, bit: number, elapsedUs: number): void {
    this.#add(this.skewUs, i, elapsedUs);
    if ((this.skewUs[i] ?? 0) > this.limitUs) this.#lagging |= bit;
  }

  #catchUp(i: number, bit: number, halted: number, elapsedUs: number): void {
    const left = this.#excused(halted, bit) ? 0 : Math.max(0, (this.skewUs[i] ?? 0) - elapsedUs);
    this.skewUs[i] = left;
    if (left <= this.limitUs * CAUGHT_UP) this.#lagging &= ~bit;
  }

  #add(to: Float64Array, i: number, elapsedUs: number): void {
    to[i] = (to[i] ?? 0) + elapsedUs;
  }

  /** How long the same vCPUs may go on running before the VM has to stop; Infinity = forever. */
  untilStopUs(running: number, halted: number): number {
    let left = Number.POSITIVE_INFINITY;
    if (this.#stopped || running === 0) return left;
    for (let i = 0; i < this.size; i++) {
      const bit = 1 << i;
      if ((running & bit) !== 0 || this.#excused(halted, bit)) continue;
      left = Math.min(left, Math.max(0, this.limitUs - (this.skewUs[i] ?? 0)) + PAST_LIMIT_US);
    }
    return left;
  }

  /** Bit set of vCPUs that have to start at the same moment when the stopped VM starts again. */
  needed(halted: number): number {
    if (this.mode === 'strict') return this.all;
    return this.#lagging & ~halted;
  }

  /** The needed vCPUs were given PCPUs together; the others may run as they come. */
  start(): void {
    this.#stopped = false;
  }
}
