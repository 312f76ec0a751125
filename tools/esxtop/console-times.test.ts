import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConsoleTimes, consoleRate, parseProcessStat, readConsoleTimes } from './console-times.js';

/** A line in the order of proc(5): user 14, system 15, children's 16 and 17, block I/O delay 42. */
function statLine(
  name: string,
  user: number,
  system: number,
  childUser = 0,
  childSystem = 0,
  blocked = 0,
): string {
  const fields = Array.from({ length: 52 }, (_, i) => `${i + 1}`);
  fields[1] = `(${name})`;
  fields[2] = 'S';
  [user, system, childUser, childSystem].forEach((ticks, i) => {
    fields[13 + i] = `${ticks}`;
  });
  fields[41] = `${blocked}`;
  return `${fields.join(' ')}\n`;
}

describe('parseProcessStat', () => {
  it('counts reaped children with their parent', () => {
    expect(parseProcessStat(statLine('sshd', 10, 5, 100, 50, 7))).toEqual({
      user: 110,
      system: 55,
      blocked: 7,
    });
  });

  it('is not misled by a name of blanks and parentheses', () => {
    expect(parseProcessStat(statLine('a) R 1 (b', 10, 5))).toMatchObject({ user: 10, system: 5 });
  });

  it('refuses a line cut short anywhere before the last figure it needs', () => {
    const line = statLine('sshd', 10, 5).split(' ');
    for (let fields = 0; fields < 42; fields++)
      expect(parseProcessStat(line.slice(0, fields).join(' '))).toBeNull();
  });
});

describe('readConsoleTimes', () => {
  let proc = '';
  beforeEach(() => {
    proc = mkdtempSync(join(tmpdir(), 'esxtop-proc-'));
  });
  afterEach(() => rmSync(proc, { recursive: true }));

  function process(pid: number, user: number, tids: readonly number[]): void {
    mkdirSync(join(proc, `${pid}/task`), { recursive: true });
    writeFileSync(join(proc, `${pid}/stat`), statLine('x', user, 1));
    for (const tid of tids) {
      mkdirSync(join(proc, `${pid}/task/${tid}`));
      const status = `Name:\tx\nvoluntary_ctxt_switches:\t${tid}\nnonvoluntary_ctxt_switches:\t1\n`;
      writeFileSync(join(proc, `${pid}/task/${tid}/status`), status);
    }
  }

  it('sums over processes and their threads', () => {
    process(1, 10, [1]);
    process(20, 30, [20, 21]);
    expect(readConsoleTimes(proc, 5)).toEqual({
      takenMs: 5,
      userTicks: 40,
      systemTicks: 2,
      blockedTicks: null,
      switches: new Map([
        [1, 2],
        [20, 21],
        [21, 22],
      ]),
    });
  });

  it('passes over a process that ended between two looks', () => {
    process(1, 10, [1]);
    mkdirSync(join(proc, '77'));
    expect(readConsoleTimes(proc, 0).userTicks).toBe(10);
  });

  it('counts block I/O delay where Linux does', () => {
    mkdirSync(join(proc, 'sys/kernel'), { recursive: true });
    writeFileSync(join(proc, 'sys/kernel/task_delayacct'), '1\n');
    expect(readConsoleTimes(proc, 0).blockedTicks).toBe(0);
  });
});

describe('consoleRate', () => {
  const times = (takenMs: number, userTicks: number, switches: [number, number][]): ConsoleTimes => ({
    takenMs,
    userTicks,
    systemTicks: 0,
    blockedTicks: null,
    switches: new Map(switches),
  });

  it('is percent of one PCPU, and switches of threads that came and stayed', () => {
    const before = times(0, 100, [
      [1, 10],
      [2, 500],
    ]);
    const after = times(2000, 120, [
      [1, 30],
      [2, 40],
      [3, 40],
    ]);
    expect(consoleRate(before, after)).toEqual({
      userPercent: 10,
      systemPercent: 0,
      idlePercent: 90,
      waitPercent: null,
      switchesPerSecond: 50,
    });
  });

  it('tells nothing without an interval', () => {
    const now = times(1, 1, []);
    expect(consoleRate(now, now)).toBeNull();
    expect(consoleRate(null, now)).toBeNull();
  });
});
