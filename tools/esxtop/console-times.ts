import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What the service console itself knows of its CPU time, for the CCPU line: sums over its own processes. Its
 * /proc/stat is the whole machine's and would count every virtual machine as the console.
 */
export interface ConsoleTimes {
  readonly takenMs: number;
  /** USER_HZ ticks, children that were reaped included: the sums never lose a process that ended. */
  readonly userTicks: number;
  readonly systemTicks: number;
  /** Waiting for block devices; null where Linux does not count it (kernel.task_delayacct). */
  readonly blockedTicks: number | null;
  /** Context switches so far by thread id. */
  readonly switches: ReadonlyMap<number, number>;
}

export interface ConsoleRate {
  readonly userPercent: number;
  readonly systemPercent: number;
  readonly idlePercent: number;
  readonly waitPercent: number | null;
  readonly switchesPerSecond: number;
}

/** Linux shows user-space ticks of 10 ms on every architecture it is built for today. */
const USER_HZ = 100;

/** The console may use one PCPU: 100 % is all of that one. */
export function consoleRate(before: ConsoleTimes | null, after: ConsoleTimes | null): ConsoleRate | null {
  if (before === null || after === null || after.takenMs <= before.takenMs) return null;
  const seconds = (after.takenMs - before.takenMs) / 1000;
  const percent = (ticks: number): number => Math.max(0, (100 * ticks) / USER_HZ / seconds);
  const user = percent(after.userTicks - before.userTicks);
  const system = percent(after.systemTicks - before.systemTicks);
  const wait =
    before.blockedTicks === null || after.blockedTicks === null
      ? null
      : percent(after.blockedTicks - before.blockedTicks);
  return {
    userPercent: user,
    systemPercent: system,
    idlePercent: Math.max(0, 100 - user - system - (wait ?? 0)),
    waitPercent: wait,
    switchesPerSecond: switchesBetween(before.switches, after.switches) / seconds,
  };
}

function switchesBetween(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): number {
  let sum = 0;
  for (const [tid, count] of after) {
    const earlier = before.get(tid) ?? 0;
    sum += count >= earlier ? count - earlier : count;
  }
  return sum;
}

export interface ProcessTicks {
  readonly user: number;
  readonly system: number;
  readonly blocked: number;
}

/** Parses /proc/<pid>/stat (proc(5)); null when it is no such line. */
export function parseProcessStat(text: string): ProcessTicks | null {
  // The command's name may hold blanks and parentheses: fields are counted from its last parenthesis.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .trimEnd()
    .split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  const ticks = {
    user: field(14) + field(16),
    system: field(15) + field(17),
    blocked: field(42),
  };
  return Object.values(ticks).every(Number.isFinite) ? ticks : null;
}

/** Both counts of /proc/<pid>/task/<tid>/status; 0 where the thread's file ends before them. */
export function parseSwitches(text: string): number {
  let sum = 0;
  for (const match of text.matchAll(/^(?:non)?voluntary_ctxt_switches:\s*(\d+)$/gm)) sum += Number(match[1]);
  return sum;
}

/** Sums over the processes that `procDir` shows: inside the console those are the console's. */
export function readConsoleTimes(procDir: string, takenMs: number): ConsoleTimes {
  const switches = new Map<number, number>();
  let userTicks = 0;
  let systemTicks = 0;
  let blockedTicks = 0;
  for (const pid of numbersIn(procDir)) {
    const ticks = parseProcessStat(readOrEmpty(join(procDir, `${pid}`, 'stat')));
    if (ticks === null) continue;
    userTicks += ticks.user;
    systemTicks += ticks.system;
    blockedTicks += ticks.blocked;
    const tasks = join(procDir, `${pid}`, 'task');
    for (const tid of numbersIn(tasks))
      switches.set(tid, parseSwitches(readOrEmpty(join(tasks, `${tid}`, 'status'))));
  }
  const counted = readOrEmpty(join(procDir, 'sys/kernel/task_delayacct')).trim() === '1';
  return { takenMs, userTicks, systemTicks, blockedTicks: counted ? blockedTicks : null, switches };
}

/** A process may end between two looks: what is gone reads as nothing. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (isGone(error)) return '';
    throw error;
  }
}

function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder)
      .filter(name => /^\d+$/.test(name))
      .map(Number);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function isGone(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return code === 'ENOENT' || code === 'ESRCH';
}
