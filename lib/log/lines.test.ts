import { describe, expect, it } from 'vitest';
import { classicLine, syslogLine, vmkernelLine } from './lines.js';

const TIME_MS = Date.UTC(2008, 2, 4, 10, 15, 2, 7);

describe('lines of the logs', () => {
  it('writes the VMkernel’s form with uptime, CPU and world', () => {
    const record = {
      level: 30,
      time: TIME_MS,
      msg: 'world 1035 admitted',
      module: 'Sched',
      cpu: 1,
      world: 1034,
    };
    const bootTimeMs = TIME_MS - ((26 * 3600 + 12 * 60 + 31) * 1000 + 123);
    expect(vmkernelLine(record, 'esx1.localdomain', bootTimeMs)).toBe(
      'Mar  4 10:15:02 esx1 vmkernel: 1:02:12:31.123 cpu1:1034)Sched: world 1035 admitted\n',
    );
  });

  it('writes the form of /var/log/messages', () => {
    // RFC 3164 4.1.2: the day of the month is two wide, filled with a blank; the domain is left out.
    expect(syslogLine(TIME_MS, 'esx1.localdomain', 'su[1]: x')).toBe('Mar  4 10:15:02 esx1 su[1]: x\n');
  });

  it('marks warnings as the VMkernel does', () => {
    const record = { level: 40, time: TIME_MS, msg: 'low', module: 'Mem' };
    expect(vmkernelLine(record, 'esx1', TIME_MS)).toBe(
      'Mar  4 10:15:02 esx1 vmkernel: 0:00:00:00.000 cpu0:0)WARNING: Mem: low\n',
    );
  });

  it('writes hostd’s form with details behind the message', () => {
    const record = { level: 50, time: TIME_MS, pid: 7, msg: 'refused', module: 'Vmomi', port: 80 };
    expect(classicLine(record)).toBe(`[2008-03-04 10:15:02.007 'Vmomi' 7 error] refused {"port":80}\n`);
  });

  it('keeps a record on one line whatever its message and error contain', () => {
    const record = {
      level: 30,
      time: TIME_MS,
      msg: 'a\nb\r\n\tc\x1b[2J\x00',
      err: { message: 'm', stack: 'Error: m\n    at x' },
      text: 'd\ne',
    };
    const line = classicLine(record);
    expect(line.slice(0, -1)).not.toMatch(/\p{Cc}/u);
    expect(line).toContain('a | b | c?[2J? {"text":"d\\ne"} Error: m | at x');
  });
});
