import { type BellTable, type SchedWorldWriter, VmmState } from '../abi/index.js';
import { advance, Grants, haltedSoFar } from './grants.js';
import type { LinuxPort } from './linux-port.js';
import { Dispatcher, type DispatchOptions, type GroupTree, type Pcpu } from './policy/index.js';
import type { Vcpu } from './vcpu.js';

/** CPU used after the loss of a PCPU, without a word of the monitor, from which on it does not yield: cold slices take 120 ms. */
const STUCK_US = 500_000;

export interface SchedulerTables {
  readonly world: SchedWorldWriter;
  readonly bell: BellTable;
}

/**
 * Drives the dispatcher with what monitors report: who halted, whose doorbell rang, whose timer is due, who stands
 * still. Knows no thread, no file, no worker: it is given tables, a way to wake a monitor, and Linux. One `pass` looks
 * at everything that may have changed and says when to look again.
 */
export class Scheduler {
  readonly vcpus: Vcpu[] = [];
  readonly dispatcher: Dispatcher<Vcpu>;
  readonly #grants: Grants;
  #nextTimerUs = 0;

  constructor(
    readonly pcpus: readonly Pcpu<Vcpu>[],
    readonly tree: GroupTree,
    private readonly tables: SchedulerTables,
    private readonly linux: LinuxPort,
    wakeMonitor: (row: number) => void,
    readonly options: DispatchOptions,
  ) {
    this.#grants = new Grants(tables.world, linux, wakeMonitor);
    this.dispatcher = new Dispatcher(pcpus, tree, this.#grants, options);
  }

  add(vcpu: Vcpu, nowUs: number): void {
    this.vcpus.push(vcpu);
    this.dispatcher.add(vcpu.entity, nowUs);
  }

  remove(vcpu: Vcpu, nowUs: number): void {
    const at = this.vcpus.indexOf(vcpu);
    if (at < 0) return;
    this.vcpus.splice(at, 1);
    this.dispatcher.remove(vcpu.entity, nowUs);
  }

  /** @returns when to look again, µs */
  pass(nowUs: number): number {
    this.#nextTimerUs = Number.POSITIVE_INFINITY;
    // Those without a PCPU first: who rests on one keeps it only while nobody waits.
    for (const vcpu of this.vcpus) if (vcpu.entity.on === null) this.#observe(vcpu, nowUs);
    for (const { run } of this.pcpus) if (run !== null) this.#observeHolder(run.owner, nowUs);
    const next = this.dispatcher.pass(nowUs);
    this.#sayWhetherWanted();
    return Math.min(next, this.#nextTimerUs);
  }

  /** Brings the times of a virtual CPU up to now. */
  advance(vcpu: Vcpu, nowUs: number): void {
    advance(vcpu, nowUs, vcpu.entity.on !== null);
  }

  /** Whether a monitor has run on for long after it lost its PCPU; said once of each. */
  isStuck(vcpu: Vcpu, nowUs: number): boolean {
    const { entity } = vcpu;
    if (entity.on !== null || vcpu.tid === 0 || vcpu.reportedStuck || vcpu.yielded) return false;
    this.dispatcher.charge(entity, nowUs);
    if (vcpu.chargedCpuUs - vcpu.revokedCpuUs < STUCK_US) return false;
    vcpu.reportedStuck = true;
    return true;
  }

  #observe(vcpu: Vcpu, nowUs: number): void {
    if (vcpu.tid === 0 && !this.#meet(vcpu, nowUs)) return;
    const { entity, report } = vcpu;
    if (entity.stalled && this.linux.processCpuUs(vcpu.pid) > vcpu.chargedCpuUs) {
      advance(vcpu, nowUs, false);
      this.dispatcher.resume(entity, nowUs);
    }
    if (entity.wants && report.state() === VmmState.halt) this.#halted(vcpu, nowUs);
    if (!entity.wants) this.#wakeIfDue(vcpu, nowUs);
  }

  /** A HALT of the present grant gives the PCPU back, always; only then may doorbell or timer make the world runnable
   * again by a new grant. Judging the doorbell first loses a kick that comes between the monitor's look and its report. */
  #observeHolder(vcpu: Vcpu, nowUs: number): void {
    const { entity, report } = vcpu;
    entity.progress = report.slices();
    entity.resting = report.state() === VmmState.halt;
    entity.restedUs = haltedSoFar(vcpu, nowUs);
    if (!entity.resting) return;
    // It wakes by its own timer in its grant.
    if (!this.dispatcher.someoneWaits || report.nextTimerUs() <= nowUs) {
      if (this.tables.bell.reasons(vcpu.row) !== 0) this.#grants.write(vcpu, true);
      return;
    }
    this.#halted(vcpu, nowUs);
    if (!entity.wants) this.#wakeIfDue(vcpu, nowUs);
  }

  #halted(vcpu: Vcpu, nowUs: number): void {
    const { report } = vcpu;
    if (report.reports() === vcpu.seenReports || !vcpu.yielded) return;
    vcpu.seenReports = report.reports();
    vcpu.nextTimerUs = report.nextTimerUs();
    vcpu.entity.resting = false;
    advance(vcpu, nowUs, vcpu.entity.on !== null);
    this.dispatcher.sleep(vcpu.entity, nowUs);
  }

  #wakeIfDue(vcpu: Vcpu, nowUs: number): void {
    if (vcpu.nextTimerUs > nowUs && this.tables.bell.reasons(vcpu.row) === 0) {
      this.#nextTimerUs = Math.min(this.#nextTimerUs, vcpu.nextTimerUs);
      return;
    }
    advance(vcpu, nowUs, false);
    this.dispatcher.wake(vcpu.entity, nowUs);
  }

  /** The monitor has come up: from now on it has a thread and is charged. */
  #meet(vcpu: Vcpu, nowUs: number): boolean {
    const tid = vcpu.report.tid();
    if (tid === 0 || vcpu.report.reports() === 0) return false;
    advance(vcpu, nowUs, false);
    vcpu.tid = tid;
    vcpu.times.use(vcpu.report.cpuUs());
    vcpu.chargedCpuUs = Math.max(0, this.linux.processCpuUs(vcpu.pid));
    this.#grants.setClass(vcpu, 'waiting');
    this.dispatcher.wake(vcpu.entity, nowUs);
    return true;
  }

  #sayWhetherWanted(): void {
    const wanted = this.dispatcher.someoneWaits ? 1 : 0;
    const { world } = this.tables;
    for (const { run, endUs } of this.pcpus) {
      if (run === null) continue;
      const { row } = run.owner;
      if (world.wanted(row) !== wanted) world.setWanted(row, wanted);
      if (world.deadlineUs(row) !== endUs) world.setDeadlineUs(row, endUs);
    }
  }
}
