import { readdirSync, readFileSync } from 'node:fs';

/** Whether the process runs (a zombie does not). */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** Processes whose command line names this text. */
export function processesNaming(text: string): number[] {
  return numbers(readdirSync('/proc')).filter(pid => isAlive(pid) && commandLine(pid).includes(text));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}

const CLOCK_TICK_US = 10_000;

/** CPU time of a process's threads by thread id, from Linux's own accounts (schedstat: ns on the CPU). */
export function threadTimesUs(pid: number): Map<number, number> {
  const times = new Map<number, number>();
  for (const tid of numbers(readdirSync(`/proc/${pid}/task`))) times.set(tid, threadTimeUs(pid, tid));
  return times;
}

export function threadTimeUs(pid: number, tid: number): number {
  const ns = readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'latin1').split(' ')[0];
  return Math.round(Number(ns) / 1000);
}

/** User and system time of a whole process, dead threads included, at the resolution of a clock tick. */
export function processTimeUs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_US;
}

/** Proportional set size: shared pages divided among their users. */
export function pssBytes(pid: number): number {
  const match = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'));
  return Number(match?.[1] ?? 0) * 1024;
}

function numbers(names: readonly string[]): number[] {
  return names.filter(name => /^\d+$/.test(name)).map(Number);
}
