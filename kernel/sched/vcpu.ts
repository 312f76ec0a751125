import { grantSequence, type VmmReportTable } from '../abi/index.js';
import type { ThreadClass } from './linux-port.js';
import { Entity, type VmClaim } from './policy/index.js';
import { WorldTimes } from './world-times.js';

/** The world of one virtual CPU. */
export interface VcpuWorld {
  readonly row: number;
  readonly generation: number;
  readonly vmRow: number;
  /** Its vmware-vmx. */
  readonly pid: number;
}

/** One virtual CPU: its place in dispatch, what its monitor last said, what it was charged. */
export class Vcpu {
  readonly row: number;
  readonly generation: number;
  readonly vmRow: number;
  readonly pid: number;
  readonly times: WorldTimes;
  readonly entity: Entity<Vcpu>;
  /** Its thread; 0 until its monitor has come up. */
  tid = 0;
  /** CPU of the whole vmx process at the last charge: every thread counts. */
  chargedCpuUs = 0;
  /** The grant word's sequence and bit. */
  sequence = 0;
  granted = false;
  pinnedCpu = -1;
  threadClass: ThreadClass | null = null;
  nextTimerUs = 0;
  seenReports = -1;
  /** Linux's CPU clock of its process when it last lost a PCPU: what it uses beyond it is overrun. */
  revokedCpuUs = 0;
  /** The log says that it did not yield. */
  reportedStuck = false;

  constructor(
    world: VcpuWorld,
    vm: VmClaim<Vcpu>,
    readonly report: VmmReportTable,
    nowUs: number,
  ) {
    this.row = world.row;
    this.generation = world.generation;
    this.vmRow = world.vmRow;
    this.pid = world.pid;
    this.entity = new Entity<Vcpu>(vm, this);
    this.times = new WorldTimes(world.row, world.generation, nowUs);
  }

  /** The monitor saw that its grant is gone, or halted in it: it runs no guest. */
  get yielded(): boolean {
    return grantSequence(this.report.acknowledged()) === this.sequence;
  }
}
