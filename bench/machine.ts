import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** Where and among what company figures were taken. */
export interface MachineDescription {
  readonly cpu: string;
  readonly cpus: number;
  readonly memoryMb: number;
  readonly kernel: string;
  readonly node: string;
  readonly date: string;
  readonly loadBefore: number;
  readonly loadAfter: number;
  /** Share of the machine's CPU time that neither this benchmark nor idleness had. */
  readonly othersPercent: number;
}

interface MachineTimes {
  readonly busyUs: number;
  readonly totalUs: number;
}

const CLOCK_TICK_US = 10_000;

/** Watches the machine while a benchmark runs: how much of it went to processes that are none of ours. */
export class MachineWatch {
  readonly #before = machineTimes();
  readonly #ownBeforeUs = ownAndReapedUs();
  readonly #loadBefore = loadavg()[0] ?? 0;
  readonly #date = new Date().toISOString();
  #detachedUs = 0;

  /** CPU time of processes of ours that are no descendants: a host that was brought up by the front door. */
  countDetached(cpuUs: number): void {
    this.#detachedUs += cpuUs;
  }

  describe(): MachineDescription {
    const now = machineTimes();
    const totalUs = Math.max(1, now.totalUs - this.#before.totalUs);
    const oursUs = ownAndReapedUs() - this.#ownBeforeUs + this.#detachedUs;
    const othersUs = now.busyUs - this.#before.busyUs - oursUs;
    return {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cpus: cpus().length,
      memoryMb: Math.round(totalmem() / 1048576),
      kernel: `Linux ${release()}`,
      node: process.versions.node,
      date: this.#date,
      loadBefore: round(this.#loadBefore),
      loadAfter: round(loadavg()[0] ?? 0),
      othersPercent: round(Math.max(0, (othersUs / totalUs) * 100)),
    };
  }
}

function machineTimes(): MachineTimes {
  const line = readFileSync('/proc/stat', 'latin1').split('\n')[0] ?? '';
  // user nice system idle iowait irq softirq steal
  const ticks = line.split(/\s+/).slice(1, 9).map(Number);
  const totalUs = ticks.reduce((total, tick) => total + tick, 0) * CLOCK_TICK_US;
  return { totalUs, busyUs: totalUs - ((ticks[3] ?? 0) + (ticks[4] ?? 0)) * CLOCK_TICK_US };
}

/** This process and every descendant that was waited for by its parent. */
function ownAndReapedUs(): number {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [11, 12, 13, 14].reduce((total, at) => total + Number(fields[at]), 0) * CLOCK_TICK_US;
}

const round = (value: number): number => Math.round(value * 100) / 100;
