import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessRow {
  pid: number;
  name: string;
  parentPid: number;
  /** Clock ticks since the machine's boot: with the pid it names a process for ever. */
  startTicks: number;
  ended: boolean;
}

/** A row of /proc/<pid>/stat; undefined when there is no such process. */
export function readProcess(pid: number): ProcessRow | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // it ended
  }
  return parseStat(stat);
}

/** proc(5): the name in parentheses may contain anything, parentheses too. */
export function parseStat(stat: string): ProcessRow | undefined {
  const open = stat.indexOf('(');
  const close = stat.lastIndexOf(')');
  const fields = stat.slice(close + 2).split(' ');
  const [state, parent, startTicks] = [fields[0], Number(fields[1]), Number(fields[19])];
  if (open < 0 || close < open || state === undefined || !Number.isInteger(startTicks)) return undefined;
  return {
    pid: Number(stat.slice(0, open)),
    name: stat.slice(open + 1, close),
    parentPid: parent,
    startTicks,
    ended: state === 'Z' || state === 'X',
  };
}

export function childrenOf(pid: number): ProcessRow[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(name => readProcess(Number(name)))
    .filter(row => row !== undefined)
    .filter(row => row.parentPid === pid);
}

/** A process's number in the innermost pid namespace it lives in; 0 when there is no such process. */
export function innerPid(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^NSpid:.*?(\d+)$/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0; // it ended
  }
}
