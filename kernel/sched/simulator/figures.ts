import type { Simulation } from './simulation.js';
import type { SimVm } from './world.js';

/** What one VM used in a window, as esxtop would show it, % of one PCPU; vCPUs summed. */
export interface VmFigures {
  readonly vm: SimVm;
  readonly used: number;
  readonly run: number;
  readonly ready: number;
  readonly costop: number;
  readonly wait: number;
  readonly limited: number;
}

interface Sums {
  usedUs: number;
  runUs: number;
  readyUs: number;
  costopUs: number;
  waitUs: number;
  limitedUs: number;
}

/** Times of a VM so far; run + ready + costop + wait = wall × vCPUs. */
export function sums(simulation: Simulation, vm: SimVm): Sums {
  const total: Sums = { usedUs: 0, runUs: 0, readyUs: 0, costopUs: 0, waitUs: 0, limitedUs: 0 };
  const costops = simulation.hooks.gangs.of(vm.claim)?.costopUs;
  for (const world of vm.worlds) {
    const costop = costops?.[world.index] ?? 0;
    total.usedUs += world.usedUs;
    total.runUs += world.runUs;
    total.costopUs += costop;
    total.readyUs += world.outUs - costop;
    total.waitUs += world.waitUs;
    total.limitedUs += world.limitedUs;
  }
  return total;
}

/** Runs the simulation for a window and tells what each VM had of it. */
export function observe(
  simulation: Simulation,
  windowUs: number,
  run?: (untilUs: number) => void,
): VmFigures[] {
  const vms = [...simulation.vms];
  const before = vms.map(vm => sums(simulation, vm));
  const began = simulation.nowUs;
  const until = began + windowUs;
  if (run === undefined) simulation.run(until);
  else run(until);
  return vms.map((vm, i) => {
    const then = before[i];
    const now = sums(simulation, vm);
    const percent = (of: keyof Sums): number => ((now[of] - (then?.[of] ?? 0)) / windowUs) * 100;
    return {
      vm,
      used: percent('usedUs'),
      run: percent('runUs'),
      ready: percent('readyUs'),
      costop: percent('costopUs'),
      wait: percent('waitUs'),
      limited: percent('limitedUs'),
    };
  });
}

/** How far measured figures are from what they should be, % of the latter. */
export interface Errors {
  readonly mean: number;
  readonly p95: number;
  readonly worst: number;
}

export function errors(measured: readonly number[], ideal: readonly number[]): Errors {
  const all = measured.map(
    (value, i) => (Math.abs(value - (ideal[i] ?? 0)) / (ideal[i] ?? Number.NaN)) * 100,
  );
  const sorted = all.sort((a, b) => a - b);
  return {
    mean: sorted.reduce((sum, one) => sum + one, 0) / sorted.length,
    p95: sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Number.NaN,
    worst: sorted.at(-1) ?? Number.NaN,
  };
}
