import { describe, expect, it } from 'vitest';
import { parseCommandLine, UsageError } from './command-line.js';

const now = new Date(2008, 10, 21, 20, 30, 15);
const parse = (line: string) => {
  const [command = '', ...words] = line.split(' ');
  return parseCommandLine(command, words, now);
};

describe('the commands of the host’s power', () => {
  it.each([
    ['reboot', 'reboot'],
    ['reboot -f', 'reboot'],
    ['halt -p', 'shutdown'],
    ['poweroff', 'shutdown'],
    ['shutdown -r now', 'reboot'],
    ['shutdown -h now', 'shutdown'],
    ['shutdown -t 5 -rf now', 'reboot'],
    ['shutdown -t5h now', 'usage'],
  ])('%s', (line, action) => {
    if (action === 'usage') expect(() => parse(line)).toThrow(UsageError);
    else expect(parse(line)).toMatchObject({ kind: 'power', action, delayMs: 0 });
  });

  it('takes the times and the message of shutdown', () => {
    expect(parse('shutdown -h +5 disks are changed')).toEqual({
      kind: 'power',
      action: 'shutdown',
      delayMs: 300_000,
      message: 'disks are changed',
      warnOnly: false,
    });
    expect(parse('shutdown -r 20:31')).toMatchObject({ delayMs: 45_000 });
    // 20:30 is over: tomorrow's.
    expect(parse('shutdown -r 20:30')).toMatchObject({ delayMs: 24 * 3_600_000 - 15_000 });
    expect(parse('shutdown -k now')).toMatchObject({ warnOnly: true });
    expect(parse('shutdown -c')).toEqual({ kind: 'cancel' });
  });

  it.each([
    'shutdown',
    'shutdown now',
    'shutdown -r',
    'shutdown -r soon',
    'shutdown -r 24:00',
    'shutdown -r +99999',
    'shutdown -r -5',
    'shutdown -hr now',
    'shutdown -x now',
    'shutdown -t now',
    'reboot now',
    'halt -z',
    'suspend',
  ])('refuses "%s"', line => {
    expect(() => parse(line)).toThrow(UsageError);
  });
});
