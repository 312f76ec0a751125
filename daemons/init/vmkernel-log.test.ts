import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VmkernelLogMark } from './vmkernel-log.js';

const line = (text: string): string => `Nov 21 14:38:32 vm vmkernel: 0:00:00:00.037 cpu0:0)${text}\n`;

describe('VmkernelLogMark', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mark-'));
    path = join(folder, 'vmkernel');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('finds the last warning of this start, without its stack, and none of an earlier one', () => {
    writeFileSync(path, line('WARNING: Boot: of the last boot'));
    const mark = new VmkernelLogMark(path);
    expect(mark.lastWarning()).toBe('');
    appendFileSync(
      path,
      line('Boot: going on') + line('WARNING: Boot: first') + line('WARNING: Boot: too small | at x (y)'),
    );
    expect(mark.lastWarning()).toBe('Boot: too small');
  });

  it('reads a log that was rotated meanwhile, or made only then', () => {
    const absent = new VmkernelLogMark(path);
    writeFileSync(path, line('Boot: '.padEnd(500, 'x')));
    const mark = new VmkernelLogMark(path);
    writeFileSync(path, line('WARNING: Mem: low'));
    expect([mark.lastWarning(), absent.lastWarning()]).toEqual(['Mem: low', 'Mem: low']);
  });

  it('reads no link and waits for no FIFO', () => {
    const other = join(folder, 'other');
    writeFileSync(other, line('WARNING: Secret: of another file'));
    const mark = new VmkernelLogMark(path);
    symlinkSync(other, path);
    expect(mark.lastWarning()).toBe('');
    rmSync(path);
    execFileSync('mkfifo', [path]);
    expect(mark.lastWarning()).toBe('');
  });
});
