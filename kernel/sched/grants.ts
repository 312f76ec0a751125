import { type SchedWorldWriter, VmmState } from '../abi/index.js';
import type { LinuxPort, ThreadClass } from './linux-port.js';
import type { DispatchPort, Entity, Pcpu } from './policy/index.js';
import type { Vcpu } from './vcpu.js';
import type { RestState } from './world-times.js';

const SEQUENCE_MASK = 0x3fffffff;

/** What a grant is on Linux: a word that wakes the monitor, a PCPU to which its thread is pinned, a class. */
export class Grants implements DispatchPort<Vcpu> {
  constructor(
    private readonly table: SchedWorldWriter,
    private readonly linux: LinuxPort,
    private readonly wakeMonitor: (row: number) => void,
  ) {}

  grant(entity: Entity<Vcpu>, pcpu: Pcpu<Vcpu>, nowUs: number): void {
    const vcpu = entity.owner;
    advance(vcpu, nowUs, false);
    vcpu.times.dispatches = entity.grants;
    vcpu.times.migrations = entity.migrations;
    if (vcpu.pinnedCpu !== pcpu.cpu) {
      this.linux.pin(vcpu.tid, pcpu.cpu);
      vcpu.pinnedCpu = pcpu.cpu;
    }
    if (vcpu.threadClass === 'waiting' && vcpu.report.state() === VmmState.run) this.linux.raise(vcpu.tid);
    this.setClass(vcpu, 'granted');
    this.table.setPcpu(vcpu.row, pcpu.number);
    this.table.setDeadlineUs(vcpu.row, pcpu.endUs);
    if (!vcpu.granted) this.write(vcpu, true);
  }

  revoke(entity: Entity<Vcpu>, _pcpu: Pcpu<Vcpu>, nowUs: number): void {
    const vcpu = entity.owner;
    advance(vcpu, nowUs, true);
    vcpu.revokedCpuUs = vcpu.chargedCpuUs;
    if (vcpu.granted) this.write(vcpu, false);
    // A halted thread sleeps without a grant: no need to lower it.
    if (entity.wants) this.setClass(vcpu, 'waiting');
  }

  account({ owner }: Entity<Vcpu>, nowUs: number): void {
    advance(owner, nowUs, false);
  }

  usedUs({ owner: vcpu }: Entity<Vcpu>): number {
    const readingUs = this.linux.processCpuUs(vcpu.pid);
    if (readingUs < 0) return 0;
    const usedUs = readingUs - vcpu.chargedCpuUs;
    vcpu.chargedCpuUs = readingUs;
    return usedUs;
  }

  isBlocked({ owner }: Entity<Vcpu>): boolean {
    return this.linux.isBlocked(owner.pid, owner.tid);
  }

  /** Writes the grant word anew: also how a monitor that sleeps in its grant is woken. */
  write(vcpu: Vcpu, may: boolean): void {
    vcpu.granted = may;
    vcpu.sequence = (vcpu.sequence + 1) & SEQUENCE_MASK;
    this.table.setGrant(vcpu.row, (vcpu.sequence << 1) | (may ? 1 : 0));
    if (may) this.wakeMonitor(vcpu.row);
  }

  setClass(vcpu: Vcpu, threadClass: ThreadClass): void {
    if (vcpu.threadClass === threadClass) return;
    vcpu.threadClass = threadClass;
    this.linux.setClass(vcpu.tid, threadClass);
  }
}

/**
 * Brings the times of a virtual CPU up to now.
 * @param held it has held a PCPU since the last call
 */
export function advance(vcpu: Vcpu, nowUs: number, held: boolean): void {
  const { times, report } = vcpu;
  if (vcpu.tid === 0) {
    times.advance(nowUs, 0, 0, 'wait');
    return;
  }
  // Linux shows the clock of a thread to its own process alone: the monitor reports it after every slice.
  const used = times.use(report.cpuUs());
  const haltedUs = haltedSoFar(vcpu, nowUs);
  const halted = held ? Math.max(0, haltedUs - times.haltedUs) : 0;
  times.haltedUs = Math.max(haltedUs, times.haltedUs);
  times.advance(nowUs, used, halted, restOf(vcpu, held));
}

/** Time a monitor spent halted, the present halt included. */
export function haltedSoFar({ report }: Vcpu, nowUs: number): number {
  const haltedUs = report.haltedUs();
  return report.state() === VmmState.halt ? haltedUs + Math.max(0, nowUs - report.haltedSinceUs()) : haltedUs;
}

/** What the time was that its thread did not run. */
function restOf({ entity }: Vcpu, held: boolean): RestState {
  if (!entity.wants) return 'idle';
  if (entity.stalled) return 'wait';
  if (held) return 'ready';
  if (entity.held) return 'costop';
  return entity.limited ? 'limited' : 'ready';
}
