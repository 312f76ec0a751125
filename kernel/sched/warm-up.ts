import { getAffinity, gettid, nowUs, setAffinity } from '../../lib/linux/index.js';
import { BellFileWriter, SchedFileWriter, VmmFileWriter, VmmState } from '../abi/index.js';
import { RealLinuxPort } from './linux-port.js';
import { type DispatchOptions, GroupTree, Pcpu, VmClaim } from './policy/index.js';
import { Scheduler } from './scheduler.js';
import { Vcpu } from './vcpu.js';

/** V8 optimises what ran some thousand times: a wake takes two thirds of what it takes before. */
const ROUNDS = 6000;
const LONGEST_US = 250_000;
const SPINNERS = 2;
const STEP_US = 130;
const HALTED_US = 20_000;

const fresh = <T>(kind: {
  SIZE_BYTES: number;
  stamp(memory: ArrayBuffer): void;
  new (memory: ArrayBuffer): T;
}): T => {
  const memory = new ArrayBuffer(kind.SIZE_BYTES);
  kind.stamp(memory);
  return new kind(memory);
};

/**
 * Runs dispatch before anyone depends on it: worlds that spin and one that is woken and halts, in tables of their own, on
 * one PCPU. The calls of Linux are real where they change nothing: clocks of this process, its own CPU, a word that
 * nobody waits for.
 */
export function warmUp(cpu: number, wakeNobody: () => void, options: DispatchOptions): void {
  const affinity = getAffinity();
  const sched = fresh(SchedFileWriter);
  const { bell } = fresh(BellFileWriter);
  const tree = new GroupTree(SPINNERS + 1);
  const tables = { world: sched.schedWorld, bell };
  const linux = new RealLinuxPort(false);
  const scheduler = new Scheduler([new Pcpu<Vcpu>(0, cpu)], tree, tables, linux, wakeNobody, { ...options });
  const reports: VmmFileWriter[] = [];
  for (let row = 0; row <= SPINNERS; row++) {
    const report = fresh(VmmFileWriter);
    report.vmmReport.setTid(gettid());
    report.vmmReport.setReports(1);
    reports.push(report);
    tree.place(row, -1, true);
    tree.setClaim(row, 1000, 0, row === 0 ? 0.5 : Number.POSITIVE_INFINITY);
    const world = { row, generation: 1, vmRow: row, pid: process.pid };
    scheduler.add(new Vcpu(world, new VmClaim<Vcpu>(row), report.vmmReport, 0), 0);
  }
  const untilUs = nowUs() + LONGEST_US;
  for (let round = 0, atUs = nowUs(); round < ROUNDS && nowUs() < untilUs; round++, atUs += STEP_US) {
    scheduler.pass(atUs);
    reports.forEach(({ vmmReport: report }, row) => {
      const grant = sched.schedWorld.grant(row);
      const sleeper = row === SPINNERS;
      if ((grant & 1) !== 0 && sleeper && report.state() === VmmState.run) {
        report.setHaltedSinceUs(atUs);
        report.setNextTimerUs(atUs + HALTED_US);
        report.setState(VmmState.halt);
        report.setReports(report.reports() + 1);
      } else if ((grant & 1) !== 0) {
        report.setState(VmmState.run);
        report.setSlices(report.slices() + 1);
        report.setCpuUs(report.cpuUs() + STEP_US);
      } else if (report.state() !== VmmState.halt) report.setState(VmmState.parked);
      report.setAcknowledged(grant);
    });
    Atomics.store(bell.i32, bell.reasonsIndex(SPINNERS), round & 1);
  }
  setAffinity(0, affinity);
}
