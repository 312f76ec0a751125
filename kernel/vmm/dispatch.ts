import { join } from 'node:path';
import {
  CLOCK_THREAD_CPUTIME_ID,
  clockUs,
  FutexWaiter,
  futexWake,
  mapFile,
  nowUs,
} from '../../lib/linux/index.js';
import { Doorbell, mayRun, SchedFile, VmmFileWriter, VmmState } from '../abi/index.js';

export interface DispatchOptions {
  readonly shmDir: string;
  /** Row of this virtual CPU's world. */
  readonly worldRow: number;
  /** Its id, which names the report file. */
  readonly worldId: number;
  readonly tid: number;
}

export interface ModeTimes {
  readonly userUs: number;
  readonly kernelUs: number;
  readonly monitorUs: number;
}

export interface InterruptFigures {
  readonly interrupts: number;
  readonly timerInterrupts: number;
}

/**
 * A virtual CPU's end of the dispatch protocol. It blocks on the futex of its doorbell, runs slices while its grant word
 * says so, and reports; it never decides.
 *
 * - `halt` gives the PCPU back when somebody waits for it; otherwise the grant is kept and the sleep ends by the
 *   guest's own timer or a kick, without the scheduler.
 * - A report moves `reports` last and rings the scheduler.
 */
export class Dispatch {
  readonly #sched: SchedFile;
  readonly #report: VmmFileWriter;
  readonly #doorbell: Doorbell;
  readonly #waiter = new FutexWaiter();
  readonly #row: number;
  #state: number = VmmState.start;
  #halted = 0;
  #slices = 0;
  #wakes = 0;
  #longestUs = 0;
  /** When the kick came that the next slice answers; 0 = none. */
  #kickedUs = 0;

  constructor(options: DispatchOptions) {
    const { shmDir, worldRow, worldId } = options;
    const sched = mapFile(join(shmDir, SchedFile.NAME), SchedFile.SIZE_BYTES, false);
    const report = mapFile(join(shmDir, `${VmmFileWriter.NAME}-${worldId}`), VmmFileWriter.SIZE_BYTES, true);
    this.#row = worldRow;
    this.#sched = new SchedFile(sched.memory);
    this.#doorbell = openDoorbell(shmDir);
    this.#report = new VmmFileWriter(report.memory);
    this.#report.vmmReport.setCpuUs(clockUs(CLOCK_THREAD_CPUTIME_ID)); // its start was not the world's time
    this.#report.vmmReport.setTid(options.tid);
    this.#say(VmmState.parked, 0);
  }

  get granted(): boolean {
    return mayRun(this.#sched.schedWorld.grant(this.#row));
  }

  /** Whether a slice should end at its next chance: the grant is gone. */
  readonly shouldYield = (): boolean => !this.granted;

  get doorbellPending(): boolean {
    return this.#doorbell.pending(this.#row);
  }

  /** Sleeps until there is a grant, at most 90 ms: the caller looks after other things and comes again. */
  waitForGrant(): boolean {
    const signals = this.#doorbell.signals(this.#row);
    const grant = this.#sched.schedWorld.grant(this.#row);
    if (mayRun(grant)) return true;
    if (this.#state === VmmState.run) {
      this.#report.vmmReport.setStoppedUs(nowUs());
      this.#say(VmmState.parked, grant);
    }
    this.#sleep(signals, 90_000);
    return this.granted;
  }

  /** Before a slice: says "running" and takes the doorbell's reasons. @returns KickReason bits */
  beginSlice(): number {
    if (this.#state !== VmmState.run) this.#setRunning();
    const reasons = this.#doorbell.take(this.#row);
    if (reasons !== 0) this.#kickedUs = this.#doorbell.kickedUs(this.#row);
    return reasons;
  }

  /** @returns CPU time of this thread so far, µs */
  endSlice(startUs: number, endUs: number, instructions: number, translations: number): number {
    const report = this.#report.vmmReport;
    if (this.#kickedUs !== 0) this.#noteWake(startUs);
    const cpuUs = clockUs(CLOCK_THREAD_CPUTIME_ID);
    report.setCpuUs(cpuUs);
    report.setSlices(++this.#slices);
    report.setInstructions(instructions);
    report.setTranslations(translations);
    const tookUs = endUs - startUs;
    if (tookUs > this.#longestUs) {
      this.#longestUs = tookUs;
      report.setLongestSliceUs(tookUs);
    }
    return cpuUs;
  }

  /** How the time of its thread was spent, µs, and what interrupted the guest. */
  reportModes(modes: ModeTimes, counts: InterruptFigures): void {
    const report = this.#report.vmmReport;
    report.setGuestUserUs(modes.userUs);
    report.setGuestKernelUs(modes.kernelUs);
    report.setMonitorUs(modes.monitorUs);
    report.setInterrupts(counts.interrupts);
    report.setTimerInterrupts(counts.timerInterrupts);
  }

  /**
   * The guest is halted until `nextTimerUs`. Sleeps until the timer, a doorbell, or the loss and return of the grant;
   * at most 90 ms at a time. @returns true when there is a reason to run the guest
   */
  halt(nextTimerUs: number): boolean {
    const { schedWorld } = this.#sched;
    const signals = this.#doorbell.signals(this.#row);
    const grant = schedWorld.grant(this.#row);
    if (this.#state === VmmState.run) {
      if (this.doorbellPending) return true;
      this.#sayHalt(nextTimerUs, grant);
      if (schedWorld.wanted(this.#row) !== 0) this.#doorbell.ring();
    } else if (this.#report.vmmReport.acknowledged() !== grant) {
      this.#say(VmmState.halt, grant);
    }
    const leftUs = nextTimerUs - nowUs();
    if (mayRun(grant) && (leftUs <= 0 || this.doorbellPending)) return true;
    // Without a grant the scheduler watches the timer and answers with a new grant.
    this.#sleep(signals, mayRun(grant) ? leftUs : 90_000);
    return this.granted && (nowUs() >= nextTimerUs || this.doorbellPending);
  }

  /** The guest has stopped for good. */
  stop(): void {
    this.#say(VmmState.stopped, this.#sched.schedWorld.grant(this.#row));
  }

  #setRunning(): void {
    const report = this.#report.vmmReport;
    if (this.#state === VmmState.halt) {
      this.#halted += nowUs() - report.haltedSinceUs();
      report.setHaltedUs(this.#halted);
    }
    report.setState(VmmState.run);
    this.#state = VmmState.run;
  }

  #sayHalt(nextTimerUs: number, grant: number): void {
    const report = this.#report.vmmReport;
    report.setHaltedSinceUs(nowUs());
    report.setNextTimerUs(nextTimerUs);
    report.setAcknowledged(grant);
    report.setState(VmmState.halt);
    report.setReports(report.reports() + 1);
    this.#state = VmmState.halt;
  }

  #say(state: number, grant: number): void {
    const report = this.#report.vmmReport;
    report.setAcknowledged(grant);
    report.setState(state);
    report.setReports(report.reports() + 1);
    this.#state = state;
    this.#doorbell.ring();
  }

  #noteWake(startUs: number): void {
    this.#report.vmmWake.setLatencyUs(this.#wakes & 1023, startUs - this.#kickedUs);
    this.#report.vmmReport.setWakes(++this.#wakes);
    this.#kickedUs = 0;
  }

  #sleep(signals: number, timeoutUs: number): void {
    this.#waiter.wait(this.#doorbell.signalsAddress(this.#row), signals, timeoutUs);
  }
}

/** The kicking end for threads of the vmx that are no VMM. */
export function openDoorbell(shmDir: string): Doorbell {
  return Doorbell.open(shmDir, { mapFile, futexWake, nowUs });
}
