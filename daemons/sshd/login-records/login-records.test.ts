import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LoginRecords } from './login-records.js';

describe('login records', () => {
  let folder: string;
  let records: LoginRecords;
  let nowMs: number;
  const account = { name: 'joe', uid: 500, gid: 500, fullName: '', home: '/home/joe', shell: '/bin/sh' };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'utmp-'));
    nowMs = Date.now() - 86_400_000;
    const paths = {
      utmp: join(folder, 'utmp'),
      wtmp: join(folder, 'wtmp'),
      lastlog: join(folder, 'lastlog'),
    };
    records = new LoginRecords(paths, pino({ level: 'silent' }), () => (nowMs += 60_000));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are what who(1) and last(1) read', () => {
    const login = { account, pid: process.pid, line: 'pts/3', address: '10.0.0.9' };
    records.begin(login);
    records.begin({ ...login, line: 'pts/4', address: 'fe80::1' });
    expect(execFileSync('who', [join(folder, 'utmp')], { encoding: 'utf8' })).toMatch(
      /^joe +pts\/3 .*\(10\.0\.0\.9\)\njoe +pts\/4 .*\(fe80::1\)\n$/,
    );
    records.end(login);
    expect(execFileSync('who', [join(folder, 'utmp')], { encoding: 'utf8' })).not.toContain('pts/3');
    const last = execFileSync('last', ['-i', '-f', join(folder, 'wtmp')], { encoding: 'utf8' });
    expect(last).toMatch(/^joe +pts\/4 +fe80::1 /m);
    expect(last).toMatch(/^joe +pts\/3 +10\.0\.0\.9 .* - \d\d:\d\d +\(00:02\)/m);
  });

  it('tell when the account was there before', () => {
    const login = { account, pid: 1, line: 'pts/0', address: '10.0.0.9' };
    expect(records.begin(login)).toBeUndefined();
    expect(records.begin({ ...login, address: '10.0.0.10' })).toMatchObject({
      address: '10.0.0.9',
      line: 'pts/0',
    });
  });

  it('use the place of a line again', () => {
    for (let i = 0; i < 50; i++) {
      const login = { account, pid: i, line: `pts/${i % 3}`, address: '10.0.0.9' };
      records.begin(login);
      records.end(login);
    }
    expect(readFileSync(join(folder, 'utmp')).length).toBe(3 * 384);
  });
});
