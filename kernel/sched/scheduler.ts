import { type BellTable, grantSequence, type SchedWorldWriter, VmmState } from '../abi/index.js';
import type { LinuxPort } from './linux-port.js';
import { type Claim, charge, creditOnWake, entitle, grantSpanUs, refilledAtUs } from './policy/index.js';
import type { Pcpu, Vcpu } from './vcpu.js';

/** Shortest time between two computations of entitlement. */
const ENTITLE_PERIOD_US = 10_000;
/** A waker takes a PCPU from a world that is ahead of it by more than this. */
const PREEMPT_MARGIN_US = 500;
/** A PCPU that delivers this much less than another one is slow. */
const SLOW_MARGIN = 0.05;
/** Loops end at the latest after this: an untimed wait would keep the process from ending. */
const LONGEST_SLEEP_US = 90_000;
const END_MARGIN_US = 5;
/** A granted world that used less than this part of its grant, and ran no slice, is stalled. */
const STALLED_PART = 0.005;

export interface SchedulerOptions {
  readonly quantumUs: number;
}

/**
 * Dispatch: grants PCPUs to virtual CPUs by their accounts. Knows no thread, no file, no worker: it is given tables,
 * a way to wake a monitor, and Linux. One `pass` looks at everything that may have changed and says when to look again.
 */
export class Scheduler {
  readonly vcpus: Vcpu[] = [];
  dispatches = 0;
  #floorUs = 0;
  #entitledAtUs = 0;
  /** Somebody became runnable in this pass. */
  #changed = false;
  /** Who wants CPU has changed since entitlements were computed. */
  #stale = false;

  constructor(
    readonly pcpus: readonly Pcpu[],
    private readonly table: SchedWorldWriter,
    private readonly bell: BellTable,
    private readonly linux: LinuxPort,
    private readonly wakeMonitor: (row: number) => void,
    private readonly options: SchedulerOptions,
  ) {}

  /** Virtual time that a newcomer starts at: no credit, no debt. */
  get floorUs(): number {
    return this.#floorUs;
  }

  add(vcpu: Vcpu): void {
    this.vcpus.push(vcpu);
    this.#stale = true;
  }

  remove(vcpu: Vcpu): void {
    const at = this.vcpus.indexOf(vcpu);
    if (at < 0) return;
    this.vcpus.splice(at, 1);
    if (vcpu.on !== null) vcpu.on.run = null;
    vcpu.on = null;
    this.#stale = true;
  }

  /** Shares, reservation or limit moved. */
  reconfigured(): void {
    this.#stale = true;
    this.#entitledAtUs = 0;
  }

  /** @returns when to look again, µs */
  pass(nowUs: number): number {
    for (const vcpu of this.vcpus) this.#observe(vcpu, nowUs);
    if (this.#changed) this.#stale = true;
    if (this.#stale && nowUs - this.#entitledAtUs >= ENTITLE_PERIOD_US) this.#entitle(nowUs);
    this.#expire(nowUs);
    this.#refill(nowUs);
    for (const pcpu of this.pcpus) this.#serve(pcpu, nowUs);
    this.#leaveSlowPcpus(nowUs);
    if (this.#changed) this.#preempt(nowUs);
    this.#changed = false;
    return this.#nextLook(nowUs);
  }

  /** Brings the times of a virtual CPU up to now. */
  advance(vcpu: Vcpu, nowUs: number): void {
    const { times, report } = vcpu;
    if (vcpu.tid === 0) {
      times.advance(nowUs, 0, 0, 'wait');
      return;
    }
    // Linux shows the clock of a thread to its own process alone: the monitor reports it after every slice.
    const used = times.use(report.cpuUs());
    let haltedUs = report.haltedUs();
    if (report.state() === VmmState.halt) haltedUs += Math.max(0, nowUs - report.haltedSinceUs());
    const halted = vcpu.on === null ? 0 : Math.max(0, haltedUs - times.haltedUs);
    times.haltedUs = Math.max(haltedUs, times.haltedUs);
    times.advance(nowUs, used, halted, this.#restOf(vcpu));
  }

  #restOf(vcpu: Vcpu): 'ready' | 'limited' | 'idle' | 'wait' {
    if (!vcpu.wants) return 'idle';
    if (vcpu.stalled) return 'wait';
    return vcpu.account.dry && vcpu.on === null ? 'limited' : 'ready';
  }

  #observe(vcpu: Vcpu, nowUs: number): void {
    vcpu.woke = false;
    const { report } = vcpu;
    const state = report.state();
    if (vcpu.tid === 0 && !this.#meet(vcpu, nowUs)) return;
    if (vcpu.stalled) this.#seeWhetherMoved(vcpu, nowUs);
    const ringing = this.bell.reasons(vcpu.row) !== 0;
    if (vcpu.on !== null && state === VmmState.halt && this.#keepsGrant(vcpu, ringing, nowUs)) return;
    // A HALT of the present grant gives the PCPU back, always; only then may doorbell or timer make the world runnable
    // again by a new grant. Judging the doorbell first loses a kick that comes between the monitor's look and its report.
    if (state === VmmState.halt && report.reports() !== vcpu.seenReports) this.#halted(vcpu, nowUs);
    if (!vcpu.wants && (vcpu.nextTimerUs <= nowUs || ringing)) {
      this.advance(vcpu, nowUs);
      vcpu.wants = true;
      vcpu.woke = true;
      this.#changed = true;
      creditOnWake(vcpu.account, this.#floorUs, this.options.quantumUs);
    }
  }

  /** The monitor has come up: from now on it has a thread and is charged. */
  #meet(vcpu: Vcpu, nowUs: number): boolean {
    const tid = vcpu.report.tid();
    if (tid === 0 || vcpu.report.reports() === 0) return false;
    this.advance(vcpu, nowUs);
    vcpu.tid = tid;
    vcpu.times.use(vcpu.report.cpuUs());
    vcpu.chargedCpuUs = Math.max(0, this.linux.processCpuUs(vcpu.pid));
    vcpu.account.virtualUs = this.#floorUs;
    vcpu.account.tokensAtUs = nowUs;
    vcpu.wants = true;
    this.#changed = true;
    this.#setClass(vcpu, 'waiting');
    return true;
  }

  #seeWhetherMoved(vcpu: Vcpu, nowUs: number): void {
    if (this.linux.processCpuUs(vcpu.pid) <= vcpu.chargedCpuUs) return;
    this.advance(vcpu, nowUs);
    vcpu.stalled = false;
    vcpu.woke = true;
    this.#changed = true;
    creditOnWake(vcpu.account, this.#floorUs, this.options.quantumUs);
  }

  /** A halted world keeps its PCPU while nobody waits for it: it wakes by its own timer. */
  #keepsGrant(vcpu: Vcpu, ringing: boolean, nowUs: number): boolean {
    if (this.#waiting(nowUs) && vcpu.report.nextTimerUs() > nowUs) return false;
    if (ringing) this.#writeGrant(vcpu, true);
    return true;
  }

  #waiting(nowUs: number): boolean {
    for (const other of this.vcpus) {
      if (other.tid === 0 || other.on !== null || other.account.dry || other.stalled) continue;
      if (other.wants || other.nextTimerUs <= nowUs || this.bell.reasons(other.row) !== 0) return true;
    }
    return false;
  }

  #halted(vcpu: Vcpu, nowUs: number): void {
    const { report } = vcpu;
    if (grantSequence(report.acknowledged()) !== vcpu.sequence) return;
    vcpu.seenReports = report.reports();
    vcpu.nextTimerUs = report.nextTimerUs();
    this.#charge(vcpu, nowUs);
    this.advance(vcpu, nowUs);
    vcpu.wants = false;
    this.#stale = true;
    if (vcpu.on !== null) this.#revoke(vcpu.on, nowUs);
  }

  #charge(vcpu: Vcpu, nowUs: number): void {
    const reading = this.linux.processCpuUs(vcpu.pid);
    const used = reading < 0 ? 0 : reading - vcpu.chargedCpuUs;
    if (reading >= 0) vcpu.chargedCpuUs = reading;
    charge(vcpu.account, used, nowUs, this.options.quantumUs);
  }

  #entitle(nowUs: number): void {
    this.#entitledAtUs = nowUs;
    this.#stale = false;
    const wanting = this.vcpus.filter(v => v.wants && v.tid !== 0 && !v.stalled);
    if (wanting.length === 0) return;
    const claims: Claim[] = wanting.map(v => ({ shares: v.shares, min: v.min, max: v.account.max }));
    const out = new Float64Array(wanting.length);
    entitle(claims, this.pcpus.length, 1, out);
    wanting.forEach((vcpu, i) => {
      vcpu.account.entitled = Math.max(out[i] ?? 0, 1e-6);
    });
  }

  #expire(nowUs: number): void {
    for (const pcpu of this.pcpus) {
      pcpu.expired = false;
      const { run } = pcpu;
      if (run === null || nowUs < pcpu.endUs - END_MARGIN_US) continue;
      this.#charge(run, nowUs);
      if (this.#stands(pcpu, run, nowUs)) {
        run.stalled = true;
        this.#stale = true;
        this.#revoke(pcpu, nowUs);
        continue;
      }
      this.#measure(pcpu, run, nowUs);
      pcpu.expired = true;
    }
  }

  #stands(pcpu: Pcpu, run: Vcpu, nowUs: number): boolean {
    const granted = nowUs - pcpu.measuredAtUs;
    if (granted < this.options.quantumUs / 2 || run.report.state() === VmmState.halt) return false;
    const used = run.chargedCpuUs - pcpu.measuredCpuUs;
    return used < granted * STALLED_PART && run.report.slices() === run.grantSlices;
  }

  /** Smooths what a PCPU delivers over grants that were used to their end. */
  #measure(pcpu: Pcpu, run: Vcpu, nowUs: number): void {
    const granted = nowUs - pcpu.measuredAtUs;
    const halted = run.report.state() === VmmState.halt;
    if (granted > 2000 && run.wants && !halted) {
      const got = Math.min(1, (run.chargedCpuUs - pcpu.measuredCpuUs) / granted);
      pcpu.delivered += 0.25 * (got - pcpu.delivered);
    }
    pcpu.measuredCpuUs = run.chargedCpuUs;
    pcpu.measuredAtUs = nowUs;
    run.grantSlices = run.report.slices();
  }

  /** Tokens of limited worlds gather while they wait; the floor of virtual time follows who is furthest behind. */
  #refill(nowUs: number): void {
    let floor = Number.POSITIVE_INFINITY;
    for (const vcpu of this.vcpus) {
      if (!vcpu.wants || vcpu.tid === 0 || vcpu.stalled) continue;
      if (vcpu.account.max < 1 && vcpu.on === null) this.#charge(vcpu, nowUs);
      if (vcpu.account.virtualUs < floor) floor = vcpu.account.virtualUs;
    }
    if (floor !== Number.POSITIVE_INFINITY) this.#floorUs = floor;
  }

  #isReady(vcpu: Vcpu): boolean {
    return vcpu.wants && vcpu.on === null && vcpu.tid !== 0 && !vcpu.account.dry && !vcpu.stalled;
  }

  #best(pcpu: Pcpu): Vcpu | null {
    let best: Vcpu | null = null;
    let bestUs = 0;
    for (const vcpu of this.vcpus) {
      if (!this.#isReady(vcpu)) continue;
      // Its own cache is worth a little: it goes elsewhere only when it would wait.
      const elsewhere = vcpu.lastPcpu !== null && vcpu.lastPcpu !== pcpu && vcpu.lastPcpu.run === null;
      const atUs = vcpu.account.virtualUs + (elsewhere ? PREEMPT_MARGIN_US : 0);
      if (best === null || atUs < bestUs) {
        best = vcpu;
        bestUs = atUs;
      }
    }
    return best;
  }

  #serve(pcpu: Pcpu, nowUs: number): void {
    const current = pcpu.run;
    if (current === null) {
      for (let next = this.#best(pcpu); next !== null && pcpu.run === null; next = this.#best(pcpu))
        this.#grant(this.#freePcpuFor(next, pcpu), next, nowUs);
      return;
    }
    if (!pcpu.expired) return;
    const may = current.wants && !current.account.dry;
    const next = this.#best(pcpu);
    if (may && (next === null || current.account.virtualUs <= next.account.virtualUs)) {
      pcpu.endUs = nowUs + grantSpanUs(current.account, this.options.quantumUs);
      this.table.setDeadlineUs(current.row, pcpu.endUs);
      return;
    }
    this.#revoke(pcpu, nowUs);
    if (next !== null) this.#grant(pcpu, next, nowUs);
  }

  /** A world goes back where it ran, if that is free; else to the free PCPU that delivers most (the console is on 0). */
  #freePcpuFor(vcpu: Vcpu, fallback: Pcpu): Pcpu {
    if (vcpu.lastPcpu !== null && vcpu.lastPcpu.run === null) return vcpu.lastPcpu;
    let best = fallback;
    for (const pcpu of this.pcpus) if (pcpu.run === null && pcpu.delivered >= best.delivered) best = pcpu;
    return best;
  }

  #leaveSlowPcpus(nowUs: number): void {
    for (const fast of this.pcpus) {
      if (fast.run === null || !fast.expired) continue;
      for (const slow of this.pcpus) {
        const ahead = fast.run;
        const behind = slow.run;
        if (slow === fast || ahead === null || behind === null || !behind.wants) continue;
        if (fast.delivered <= slow.delivered + SLOW_MARGIN) continue;
        if (ahead.account.virtualUs <= behind.account.virtualUs + PREEMPT_MARGIN_US) continue;
        this.#charge(behind, nowUs);
        this.#revoke(fast, nowUs);
        this.#revoke(slow, nowUs);
        this.#grant(fast, behind, nowUs);
        if (this.#isReady(ahead)) this.#grant(slow, ahead, nowUs);
      }
    }
  }

  #preempt(nowUs: number): void {
    for (const vcpu of this.vcpus) {
      if (!vcpu.woke || !this.#isReady(vcpu)) continue;
      let victim: Pcpu | null = null;
      for (const pcpu of this.pcpus) {
        if (pcpu.run === null || pcpu.run.account.virtualUs <= vcpu.account.virtualUs + PREEMPT_MARGIN_US)
          continue;
        if (victim?.run == null || pcpu.run.account.virtualUs > victim.run.account.virtualUs) victim = pcpu;
      }
      if (victim?.run == null) continue;
      this.#charge(victim.run, nowUs);
      this.#revoke(victim, nowUs);
      this.#grant(victim, vcpu, nowUs);
    }
  }

  #grant(pcpu: Pcpu, vcpu: Vcpu, nowUs: number): void {
    this.advance(vcpu, nowUs);
    if (vcpu.pinnedCpu !== pcpu.cpu) {
      this.linux.pin(vcpu.tid, pcpu.cpu);
      vcpu.pinnedCpu = pcpu.cpu;
    }
    if (vcpu.threadClass === 'waiting' && vcpu.report.state() === VmmState.run) this.linux.raise(vcpu.tid);
    this.#setClass(vcpu, 'granted');
    pcpu.run = vcpu;
    pcpu.endUs = nowUs + grantSpanUs(vcpu.account, this.options.quantumUs);
    pcpu.measuredCpuUs = vcpu.chargedCpuUs;
    pcpu.measuredAtUs = nowUs;
    vcpu.grantSlices = vcpu.report.slices();
    vcpu.on = pcpu;
    vcpu.lastPcpu = pcpu;
    vcpu.times.dispatches++;
    this.dispatches++;
    this.table.setPcpu(vcpu.row, pcpu.number);
    this.table.setDeadlineUs(vcpu.row, pcpu.endUs);
    if (!vcpu.granted) this.#writeGrant(vcpu, true);
  }

  #revoke(pcpu: Pcpu, nowUs: number): void {
    const vcpu = pcpu.run;
    pcpu.run = null;
    if (vcpu === null) return;
    this.advance(vcpu, nowUs);
    vcpu.on = null;
    if (vcpu.granted) this.#writeGrant(vcpu, false);
    // A halted thread sleeps without a grant: no need to lower it.
    if (vcpu.wants) this.#setClass(vcpu, 'waiting');
  }

  #writeGrant(vcpu: Vcpu, may: boolean): void {
    vcpu.granted = may;
    vcpu.sequence = (vcpu.sequence + 1) & 0x3fffffff;
    this.table.setGrant(vcpu.row, (vcpu.sequence << 1) | (may ? 1 : 0));
    if (may) this.wakeMonitor(vcpu.row);
  }

  #setClass(vcpu: Vcpu, threadClass: 'granted' | 'waiting'): void {
    if (vcpu.threadClass === threadClass) return;
    vcpu.threadClass = threadClass;
    this.linux.setClass(vcpu.tid, threadClass);
  }

  /** A quantum ends only where somebody waits, or where a limit must be watched. */
  #nextLook(nowUs: number): number {
    let next = nowUs + LONGEST_SLEEP_US;
    if (this.#stale) next = this.#entitledAtUs + ENTITLE_PERIOD_US;
    let anyWaits = false;
    for (const vcpu of this.vcpus) {
      if (vcpu.tid === 0 || vcpu.on !== null || vcpu.stalled) continue;
      if (!vcpu.wants) {
        if (vcpu.nextTimerUs > nowUs && vcpu.nextTimerUs < next) next = vcpu.nextTimerUs;
      } else {
        anyWaits = true;
        if (vcpu.account.dry)
          next = Math.min(next, refilledAtUs(vcpu.account, nowUs, this.options.quantumUs));
      }
    }
    for (const { run, endUs } of this.pcpus) {
      if (run === null) continue;
      if ((this.table.wanted(run.row) !== 0) !== anyWaits) this.table.setWanted(run.row, anyWaits ? 1 : 0);
      if ((anyWaits || run.account.max < 1) && endUs < next) next = endUs;
    }
    return next;
  }
}
