import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseConfig } from './parse-config.js';
import { matchesAddressList, matchesPattern, matchesUser } from './pattern.js';
import { DEFAULT_CONFIG } from './server-config.js';

describe('sshd_config', () => {
  it('understands every line that a fresh console has', () => {
    const { config, problems } = parseConfig(readFileSync('etc/ssh/sshd_config', 'utf8'));
    expect(problems).toEqual([]);
    expect(config.subsystems.get('sftp')).toBe('/usr/lib/openssh/sftp-server');
    expect({ ...config, subsystems: new Map() }).toEqual({
      ...DEFAULT_CONFIG,
      authorizedKeysFiles: ['.ssh/authorized_keys'],
    });
  });

  it('takes the first line of a keyword, whatever its case, and joins lists', () => {
    const text =
      'maxauthtries 3\nMAXAUTHTRIES 5\nAllowUsers a b\n  AllowUsers = "c d" # and\nAcceptEnv X_*\n';
    const { config } = parseConfig(text);
    expect(config).toMatchObject({ maxAuthTries: 3, allowUsers: ['a', 'b', 'c d'], acceptEnv: ['X_*'] });
  });

  it('reads times, subsystems with arguments and banners', () => {
    const { config } = parseConfig(
      'ClientAliveInterval 2m\nSubsystem x /bin/x -a  -b\nBanner none\nBanner /x\n',
    );
    expect(config).toMatchObject({ clientAliveIntervalMs: 120_000, banner: undefined });
    expect(config.subsystems.get('x')).toBe('/bin/x -a -b');
  });

  it('takes the stricter meaning of what is none, and tells of it and of unknown words', () => {
    const { config, problems } = parseConfig(
      'PermitRootLogin perhaps\nPasswordAuthentication maybe\nMaxAuthTries 0\nX11Forwarding yes\nUsePrivilegeSeparation no\nconstructor x\n',
    );
    expect(config).toMatchObject({ permitRootLogin: 'no', passwordAuthentication: false, maxAuthTries: 6 });
    expect(problems.map(problem => problem.split(':')[0])).toEqual([1, 2, 3, 4, 5, 6].map(n => `line ${n}`));
  });

  it('reads nothing past a Match', () => {
    const { config, problems } = parseConfig('Match User joe\nPermitRootLogin no\n');
    expect([config.permitRootLogin, problems.length]).toEqual(['yes', 1]);
  });
});

describe('patterns', () => {
  it('match as ssh_config(5) says', () => {
    const cases = [
      ['root', 'root', true],
      ['root', 'r*', true],
      ['root', 'r??t', true],
      ['root', '?', false],
      ['', '*', true],
      ['a.b.c', '*.c', true],
      ['aaaa', 'a*b', false],
      ['root', 'Root', false],
    ] as const;
    for (const [text, pattern, expected] of cases)
      expect([text, pattern, matchesPattern(text, pattern)]).toEqual([text, pattern, expected]);
  });

  it('take no long time over many stars', () => {
    const started = performance.now();
    expect(matchesPattern('a'.repeat(256), `${'*a'.repeat(127)}*b`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('match addresses by text and by prefix, and a negated one spoils the rest', () => {
    expect(matchesAddressList('10.1.2.3', '10.1.0.0/16')).toBe(true);
    expect(matchesAddressList('::ffff:10.1.2.3', '10.1.0.0/16')).toBe(true);
    expect(matchesAddressList('10.2.2.3', '10.1.0.0/16')).toBe(false);
    expect(matchesAddressList('10.1.2.3', '!10.1.2.3,10.1.0.0/16')).toBe(false);
    expect(matchesAddressList('10.1.2.3', '10.1.0.0/16,!10.1.2.3')).toBe(false);
    expect(matchesAddressList('fe80::1', 'fe80::/10')).toBe(true);
    for (const nonsense of ['10.1.0.0/33', '10.1.0.0/', '/8', 'x/8', '10.1.0.0/8/8'])
      expect([nonsense, matchesAddressList('10.1.2.3', nonsense)]).toEqual([nonsense, false]);
  });

  it('match a user at an address', () => {
    expect(matchesUser('joe', '10.0.0.1', 'j*')).toBe(true);
    expect(matchesUser('joe', '10.0.0.1', 'joe@10.0.0.0/8')).toBe(true);
    expect(matchesUser('joe', '11.0.0.1', 'joe@10.0.0.0/8')).toBe(false);
  });
});
