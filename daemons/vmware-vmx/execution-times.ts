import type { ExecutionCounts } from './engine/index.js';

const US_PER_MS = 1000;

/**
 * A virtual CPU's time by mode. All of its thread's CPU time is in one of three: what the guest computed, split by the
 * instructions of each slice and what they take into outside ring 0 (direct execution) and ring 0 (virtualization),
 * and the monitor's own.
 */
export class ExecutionTimes {
  userUs = 0;
  kernelUs = 0;
  monitorUs = 0;
  #cpuUs = 0;
  #instructions = 0;
  #userInstructions = 0;
  #monitorMs = 0;
  /** Time of devices is estimated: what a slice had no room for is the next one's. */
  #carriedUs = 0;

  /**
   * After a slice.
   * @param cpuUs CPU time of the thread so far
   * @param sliceUs how long the slice took: the thread may not have run all the time, and what the monitor
   *   took by the clock is the less then
   */
  add(cpuUs: number, sliceUs: number, instructions: number, counts: ExecutionCounts): void {
    const usedUs = Math.max(0, cpuUs - this.#cpuUs);
    const executed = instructions - this.#instructions;
    const outside = Math.min(counts.userInstructions - this.#userInstructions, executed);
    const roomUs = executed > 0 ? Math.min(usedUs, sliceUs) : 0;
    const ran = sliceUs > 0 ? roomUs / sliceUs : 0;
    const monitorUs = (counts.monitorMs - this.#monitorMs) * US_PER_MS * ran + this.#carriedUs;
    this.#cpuUs += usedUs;
    this.#instructions = instructions;
    this.#userInstructions = counts.userInstructions;
    this.#monitorMs = counts.monitorMs;
    const guestUs = Math.max(0, roomUs - monitorUs);
    this.#carriedUs = Math.max(0, monitorUs - roomUs);
    const outsideNs = outside * counts.userNs;
    const allNs = outsideNs + (executed - outside) * counts.kernelNs;
    const userUs = allNs > 0 ? (guestUs * outsideNs) / allNs : 0;
    this.userUs += userUs;
    this.kernelUs += guestUs - userUs;
    this.monitorUs += usedUs - guestUs;
  }

  /** A line for vmware.log. */
  tell({ interrupts, timerInterrupts }: ExecutionCounts): string {
    const seconds = (us: number): string => `${(us / 1e6).toFixed(2)} s`;
    const modes = `${seconds(this.userUs)} outside ring 0, ${seconds(this.kernelUs)} in it`;
    const own = `${seconds(this.monitorUs)} of its own`;
    return `Monitor: guest ${modes}, ${own}; ${interrupts} interrupts, ${timerInterrupts} of them by timers`;
  }
}
