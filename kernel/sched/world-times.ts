import type { SchedWorldWriter, VmmReportTable } from '../abi/index.js';

/** What a world does that does not run: it wants to, it is held by its limit or for its siblings, it is blocked. */
export type RestState = 'ready' | 'limited' | 'costop' | 'idle' | 'wait';

/**
 * The times of one world. At every moment run + ready + costop + wait = wall since `createdUs`; whatever a clock cannot
 * account for at once is carried into the next interval.
 */
export class WorldTimes {
  runUs = 0;
  readyUs = 0;
  waitUs = 0;
  idleUs = 0;
  systemUs = 0;
  limitedUs = 0;
  costopUs = 0;
  dispatches = 0;
  migrations = 0;
  /** Last reading of the clock behind `runUs`; -1 before the first. */
  clockUs = -1;
  /** Last reading of the monitor's own halt time. */
  haltedUs = 0;
  #advancedUs: number;
  #owedUs = 0;

  constructor(
    readonly row: number,
    readonly generation: number,
    readonly createdUs: number,
  ) {
    this.#advancedUs = createdUs;
  }

  get usedUs(): number {
    return this.runUs + this.systemUs;
  }

  /** Takes a reading of the world's CPU clock. @returns what was used since the last one */
  use(readingUs: number): number {
    const used = this.clockUs < 0 || readingUs < this.clockUs ? 0 : readingUs - this.clockUs;
    if (readingUs >= 0) this.clockUs = readingUs;
    return used;
  }

  /**
   * Accounts the interval since the last call.
   * @param usedUs CPU used in it
   * @param haltedUs time in it that a world holding a PCPU spent halted
   * @param rest what the remainder was
   */
  advance(nowUs: number, usedUs: number, haltedUs: number, rest: RestState): void {
    const elapsed = nowUs - this.#advancedUs;
    if (elapsed <= 0) {
      this.runUs += usedUs;
      this.#owedUs += usedUs;
      return;
    }
    this.#advancedUs = nowUs;
    let left = elapsed - usedUs - this.#owedUs;
    const halted = Math.max(0, Math.min(haltedUs, left));
    left -= halted;
    this.#owedUs = left < 0 ? -left : 0;
    left = Math.max(left, 0);
    this.runUs += usedUs;
    this.waitUs += halted;
    this.idleUs += halted;
    if (rest === 'ready' || rest === 'limited') this.readyUs += left;
    else if (rest === 'costop') this.costopUs += left;
    else this.waitUs += left;
    if (rest === 'limited') this.limitedUs += left;
    if (rest === 'idle') this.idleUs += left;
  }

  /** @param report of the monitor whose world it is: what it tells goes where the service console may read it */
  publish(
    table: SchedWorldWriter,
    nowUs: number,
    shown: { readonly state: number; readonly pcpu: number; readonly report?: VmmReportTable },
  ): void {
    const { row } = this;
    const { state, pcpu, report } = shown;
    table.beginWrite(row);
    table.setGeneration(row, this.generation);
    table.setState(row, state);
    if (pcpu >= 0) table.setPcpu(row, pcpu);
    table.setCreatedUs(row, this.createdUs);
    table.setUsedUs(row, this.usedUs);
    table.setRunUs(row, this.runUs);
    table.setReadyUs(row, this.readyUs);
    table.setWaitUs(row, this.waitUs);
    table.setIdleUs(row, this.idleUs);
    table.setSystemUs(row, this.systemUs);
    table.setLimitedUs(row, this.limitedUs);
    table.setOverlapUs(row, 0);
    table.setCostopUs(row, this.costopUs);
    table.setSwapUs(row, 0);
    table.setDispatches(row, this.dispatches);
    table.setMigrations(row, this.migrations);
    table.setGuestUserUs(row, report?.guestUserUs() ?? 0);
    table.setGuestKernelUs(row, report?.guestKernelUs() ?? 0);
    table.setMonitorUs(row, report?.monitorUs() ?? 0);
    table.setInterrupts(row, report?.interrupts() ?? 0);
    table.setTimerInterrupts(row, report?.timerInterrupts() ?? 0);
    table.setTakenUs(row, nowUs);
    table.endWrite(row);
  }
}
