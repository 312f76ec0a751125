import type { VmmReportTable } from '../abi/index.js';
import type { ThreadClass } from './linux-port.js';
import { type Account, openAccount } from './policy/index.js';
import { WorldTimes } from './world-times.js';

/** A physical CPU as the scheduler sees it. */
export class Pcpu {
  run: Vcpu | null = null;
  /** End of the present grant. */
  endUs = 0;
  /** The grant's end was reached in this pass. */
  expired = false;
  /** CPU charged ÷ wall granted, smoothed: below 1 when the console, daemons or other hosts use it too. */
  delivered = 1;
  measuredCpuUs = 0;
  measuredAtUs = 0;

  constructor(
    readonly number: number,
    readonly cpu: number,
  ) {}
}

/** One virtual CPU: what was asked for it, what its monitor last said, what it was charged. */
export class Vcpu {
  readonly times: WorldTimes;
  readonly account: Account;
  tid = 0;
  /** CPU of the whole vmx process at the last charge: every thread counts. */
  chargedCpuUs = 0;
  wants = false;
  on: Pcpu | null = null;
  sequence = 0;
  granted = false;
  pinnedCpu = -1;
  threadClass: ThreadClass | null = null;
  lastPcpu: Pcpu | null = null;
  nextTimerUs = 0;
  seenReports = -1;
  /** It became runnable in this pass. */
  woke = false;
  /**
   * It held a PCPU for a grant and neither used nor gave back any of it: its process is stopped, or blocked. It gets
   * no PCPU until its CPU clock moves.
   */
  stalled = false;
  /** Slices it had run when its grant began. */
  grantSlices = 0;

  constructor(
    readonly row: number,
    readonly generation: number,
    readonly vmRow: number,
    readonly pid: number,
    readonly report: VmmReportTable,
    public shares: number,
    public min: number,
    max: number,
    virtualUs: number,
    nowUs: number,
  ) {
    this.account = openAccount(virtualUs, nowUs, max);
    this.times = new WorldTimes(row, generation, nowUs);
  }
}
