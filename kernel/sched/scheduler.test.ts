import { describe, expect, it } from 'vitest';
import { BellFileWriter, SchedFileWriter, VmmFileWriter, VmmState } from '../abi/index.js';
import type { LinuxPort } from './linux-port.js';
import { GroupTree, Pcpu, VmClaim } from './policy/index.js';
import { Scheduler } from './scheduler.js';
import { Vcpu } from './vcpu.js';

interface Behaviour {
  readonly shares?: number;
  readonly min?: number;
  readonly max?: number;
  /** Runs so long, then halts so long; spins without. */
  readonly burstUs?: number;
  readonly sleepUs?: number;
  /** PCPUs it may use, a bit each. */
  readonly affinity?: number;
}

const fresh = <T>(kind: { SIZE_BYTES: number; stamp(m: ArrayBuffer): void; new (m: ArrayBuffer): T }): T => {
  const memory = new ArrayBuffer(kind.SIZE_BYTES);
  kind.stamp(memory);
  return new kind(memory);
};

/** Guests and Linux as a model under a fake clock: a granted guest uses its PCPU, a revoked one stops at once. */
class Machine implements LinuxPort {
  now = 0;
  readonly cpuUs: number[] = [];
  readonly reports: VmmFileWriter[] = [];
  readonly sched = fresh(SchedFileWriter);
  readonly bell = fresh(BellFileWriter);
  readonly pcpus: Pcpu<Vcpu>[];
  readonly tree = new GroupTree(32);
  readonly scheduler: Scheduler;
  readonly left: number[] = [];
  /** Guests whose process got SIGSTOP. */
  readonly stopped = new Set<number>();
  /** What each PCPU delivers to guests. */
  readonly speed: number[];

  constructor(
    readonly guests: readonly Behaviour[],
    speeds: readonly number[],
    quantumUs = 20_000,
  ) {
    this.speed = [...speeds];
    this.pcpus = speeds.map((_, i) => new Pcpu<Vcpu>(i, i));
    const tables = { world: this.sched.schedWorld, bell: this.bell.bell };
    const options = { quantumUs, boundLagQuanta: 2 };
    this.scheduler = new Scheduler(this.pcpus, this.tree, tables, this, () => undefined, options);
    guests.forEach((guest, row) => {
      const report = fresh(VmmFileWriter);
      report.vmmReport.setTid(100 + row);
      report.vmmReport.setState(VmmState.parked);
      report.vmmReport.setReports(1);
      this.reports.push(report);
      this.cpuUs.push(0);
      this.left.push(guest.burstUs ?? Number.POSITIVE_INFINITY);
      const { shares = 1000, min = 0, max = Number.POSITIVE_INFINITY } = guest;
      this.tree.place(row, -1, true);
      this.tree.setClaim(row, shares, min, max);
      const claim = new VmClaim<Vcpu>(row);
      claim.affinityLow = guest.affinity ?? 0;
      const world = { row, generation: 1, vmRow: row, pid: 100 + row };
      this.scheduler.add(new Vcpu(world, claim, report.vmmReport, 0), 0);
    });
  }

  nowUs = (): number => this.now;
  processCpuUs = (pid: number): number => this.cpuUs[pid - 100] ?? -1;
  threadCpuUs = (tid: number): number => this.cpuUs[tid - 100] ?? -1;
  pin = (): void => undefined;
  confine = (): void => undefined;
  isBlocked = (pid: number): boolean => this.stopped.has(pid - 100);
  setClass = (): void => undefined;
  raise = (): void => undefined;

  run(untilUs: number): void {
    while (this.now < untilUs) {
      const next = Math.min(this.scheduler.pass(this.now), untilUs);
      this.#advance(Math.max(1, Math.min(next - this.now, this.#nextHalt())));
    }
  }

  #nextHalt(): number {
    let soonest = Number.POSITIVE_INFINITY;
    this.guests.forEach((_, row) => {
      const speed = this.#speedOf(row);
      if (speed > 0) soonest = Math.min(soonest, (this.left[row] ?? 0) / speed);
      const report = this.reports[row]?.vmmReport;
      if (report?.state() !== VmmState.halt) return;
      const leftUs = report.nextTimerUs() - this.now;
      // One that is due waits for a grant: the scheduler's next look.
      if (leftUs > 0) soonest = Math.min(soonest, leftUs);
      else if ((this.sched.schedWorld.grant(row) & 1) !== 0) soonest = 1;
    });
    return Math.ceil(soonest);
  }

  #speedOf(row: number): number {
    if (this.stopped.has(row)) return 0;
    const pcpu = this.pcpus.find(p => p.run?.owner.row === row);
    if (pcpu === undefined || this.reports[row]?.vmmReport.state() === VmmState.halt) return 0;
    return this.speed[pcpu.number] ?? 0;
  }

  #advance(deltaUs: number): void {
    const speeds = this.guests.map((_, row) => this.#speedOf(row));
    this.now += deltaUs;
    this.guests.forEach((guest, row) => {
      const report = this.reports[row]?.vmmReport;
      if (report === undefined) return;
      const used = deltaUs * (speeds[row] ?? 0);
      this.cpuUs[row] = (this.cpuUs[row] ?? 0) + used;
      this.left[row] = (this.left[row] ?? 0) - used;
      report.setCpuUs(this.cpuUs[row] ?? 0);
      if (used > 0) report.setSlices(report.slices() + 1);
      const grant = this.sched.schedWorld.grant(row);
      if (report.state() === VmmState.halt) {
        if ((grant & 1) === 0 || report.nextTimerUs() > this.now) return;
        report.setHaltedUs(report.haltedUs() + this.now - report.haltedSinceUs());
        report.setState(VmmState.run);
        this.left[row] = guest.burstUs ?? Number.POSITIVE_INFINITY;
      } else if ((grant & 1) !== 0) report.setState(VmmState.run);
      if ((this.left[row] ?? 1) <= 0.5 && report.state() === VmmState.run) {
        report.setHaltedSinceUs(this.now);
        report.setNextTimerUs(this.now + (guest.sleepUs ?? 0));
        report.setAcknowledged(grant);
        report.setState(VmmState.halt);
        report.setReports(report.reports() + 1);
      }
    });
  }
}

/** Percent of the wall each guest got over `seconds`, after one second of warm-up. */
function measure(guests: Behaviour[], speeds: number[], seconds = 10, quantumUs = 20_000): number[] {
  const machine = new Machine(guests, speeds, quantumUs);
  machine.run(1e6);
  const before = [...machine.cpuUs];
  machine.run((1 + seconds) * 1e6);
  return machine.cpuUs.map((us, i) => ((us - (before[i] ?? 0)) / (seconds * 1e6)) * 100);
}

const near = (got: number[], expected: number[], percent: number): void => {
  expect(got.length).toBe(expected.length);
  got.forEach((x, i) => {
    const wanted = expected[i] ?? 0;
    expect(Math.abs(x - wanted), `${got.map(v => v.toFixed(2))} against ${expected}`).toBeLessThanOrEqual(
      (wanted * percent) / 100,
    );
  });
};

describe('scheduler under a fake clock', () => {
  it('shares one PCPU 2:1', () =>
    near(measure([{ shares: 2000 }, { shares: 1000 }], [1]), [66.67, 33.33], 1));

  it('shares two PCPUs among three equals', () =>
    near(measure([{}, {}, {}], [1, 1]), [66.67, 66.67, 66.67], 1));

  it('holds a reservation against many shares', () =>
    near(measure([{ shares: 9000 }, { shares: 1000, min: 0.3 }], [1]), [70, 30], 1));

  it('holds a limit on an idle host', () => near(measure([{ max: 0.25 }], [1]), [25], 1));

  it('gives what a limit leaves to the others', () =>
    near(measure([{ max: 0.2 }, {}, {}], [1]), [20, 40, 40], 1.5));

  it('does not leave a world on a slow PCPU', () =>
    near(measure([{}, {}, {}], [0.6, 1]), [53.3, 53.3, 53.3], 2));

  it('lets a mostly idle guest run when it wakes, behind a spinner', () => {
    const machine = new Machine([{}, { burstUs: 200, sleepUs: 9800 }], [1]);
    machine.run(5e6);
    expect((machine.cpuUs[1] ?? 0) / 5e6).toBeGreaterThan(0.0195);
    expect((machine.cpuUs[0] ?? 0) / 5e6).toBeGreaterThan(0.97);
  });

  it('keeps run + ready + wait = wall for every world', () => {
    const guests: Behaviour[] = [
      {},
      { burstUs: 700, sleepUs: 3000 },
      { max: 0.1 },
      { burstUs: 50, sleepUs: 500 },
    ];
    const machine = new Machine(guests, [1]);
    machine.run(3e6);
    for (const vcpu of machine.scheduler.vcpus) {
      machine.scheduler.advance(vcpu, machine.now);
      const { runUs, readyUs, waitUs, createdUs } = vcpu.times;
      expect(Math.abs(runUs + readyUs + waitUs - (machine.now - createdUs))).toBeLessThan(50);
    }
  });

  it('V10: counts what a limit holds back as limited, and nearly all waiting is that', () => {
    const machine = new Machine([{ max: 0.25 }], [1]);
    machine.run(5e6);
    const vcpu = machine.scheduler.vcpus[0];
    if (vcpu === undefined) throw new Error('no virtual CPU');
    machine.scheduler.advance(vcpu, machine.now);
    const { readyUs, limitedUs } = vcpu.times;
    expect(readyUs / machine.now).toBeCloseTo(0.75, 1);
    expect(limitedUs / readyUs).toBeGreaterThan(0.97);
  });

  it('notices a monitor that does not yield, says so once, and charges it', () => {
    const machine = new Machine([{}, {}], [1]);
    machine.run(1e6);
    const stuck = machine.scheduler.vcpus.find(({ entity }) => entity.on === null);
    if (stuck === undefined) throw new Error('both run');
    expect(machine.scheduler.isStuck(stuck, machine.now)).toBe(false);
    machine.cpuUs[stuck.row] = (machine.cpuUs[stuck.row] ?? 0) + 600_000;
    expect(machine.scheduler.isStuck(stuck, machine.now)).toBe(true);
    expect(machine.scheduler.isStuck(stuck, machine.now)).toBe(false);
    const before = [...machine.cpuUs];
    machine.run(machine.now + 500_000);
    // It owes 600 ms: the other one has the PCPU meanwhile.
    expect((machine.cpuUs[stuck.row] ?? 0) - (before[stuck.row] ?? 0)).toBeLessThan(1000);
    expect((machine.cpuUs[1 - stuck.row] ?? 0) - (before[1 - stuck.row] ?? 0)).toBeGreaterThan(490_000);
  });

  it('gives the PCPUs of stopped guests to the others, and takes them back in when they go on', () => {
    const machine = new Machine([{}, {}, {}], [1, 1]);
    machine.run(2e6);
    machine.stopped.add(0).add(1);
    machine.run(2.2e6);
    const before = [...machine.cpuUs];
    machine.run(4.2e6);
    expect(((machine.cpuUs[2] ?? 0) - (before[2] ?? 0)) / 2e6).toBeGreaterThan(0.98);
    machine.stopped.clear();
    // A process that goes on finishes its slice, granted or not.
    for (const row of [0, 1]) machine.cpuUs[row] = (machine.cpuUs[row] ?? 0) + 500;
    machine.run(4.4e6);
    const after = [...machine.cpuUs];
    machine.run(10.4e6);
    near(
      machine.cpuUs.map((us, i) => ((us - (after[i] ?? 0)) / 6e6) * 100),
      [66.7, 66.7, 66.7],
      3,
    );
  });

  it('keeps an idle guest off the dispatcher: it sleeps in its grant', () => {
    const machine = new Machine([{ burstUs: 100, sleepUs: 4000 }], [1]);
    machine.run(1e6);
    const before = machine.scheduler.dispatcher.dispatches;
    machine.run(3e6);
    expect(machine.scheduler.dispatcher.dispatches - before).toBeLessThan(5);
  });
});
