import { readdirSync, readFileSync } from 'node:fs';
import { clockUs, processCpuClock } from '../lib/linux/index.js';

/** CPU time of all threads of a process, dead ones included, µs. @throws when it is gone */
export function cpuUs(pid: number): number {
  const us = clockUs(processCpuClock(pid));
  if (us < 0) throw new Error(`process ${pid} is gone`);
  return us;
}

/** Proportional set size: a page shared by n processes counts 1/n. */
export function pssMb(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN) / 1024;
}

export function commandLine(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
}

/** A process and all its descendants that run. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(Number(name));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found: number[] = [root];
  for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i] ?? 0) ?? []));
  return found;
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : Number(parent);
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** CPU that processes use while `wait` lasts. @returns µs of each, and of wall */
export async function cpuDuring(
  pids: readonly number[],
  wait: () => Promise<unknown>,
): Promise<{ wallUs: number; usedUs: number[] }> {
  const startMs = performance.now();
  const before = pids.map(cpuUs);
  await wait();
  const usedUs = pids.map((pid, i) => cpuUs(pid) - (before[i] ?? 0));
  return { wallUs: (performance.now() - startMs) * 1000, usedUs };
}

/** What of a process is in memory, pages shared with others counted whole. */
export function rssMb(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN) / 1024;
}
