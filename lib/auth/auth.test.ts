import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  findAccount,
  findShadowEntry,
  groupNamesOf,
  isUsable,
  mayLogInByKey,
  parseGroups,
  verifyPassword,
} from './index.js';

/** The hash that the machine's own openssl makes: the independent peer of crypt(3). */
const hash = (password: string): string =>
  execFileSync('openssl', ['passwd', '-6', '-salt', 'abcdefgh', password], { encoding: 'utf8' }).trim();

describe('verifyPassword', () => {
  let folder: string;
  let shadow: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'auth-'));
    shadow = join(folder, 'shadow');
    const lines = [
      `root:${hash('correct horse')}:13700:0:99999:7:::`,
      `locked:!${hash('x')}:13700:0:99999:7:::`,
      'star:*:13700:0:99999:7:::',
      'empty::13700:0:99999:7:::',
      'broken',
      `expired:${hash('x')}:13700:0:99999:7::13701:`,
      `stale:${hash('x')}:13700:0:30:7:5::`,
      'odd:notahash:13700:0:99999:7:::',
    ];
    writeFileSync(shadow, `${lines.join('\n')}\n`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('accepts the password and nothing else', async () => {
    expect(await verifyPassword(shadow, 'root', 'correct horse')).toBe(true);
    for (const wrong of ['', 'correct horse ', 'Correct horse', 'correct horse\0', 'x'.repeat(100_000)])
      expect(await verifyPassword(shadow, 'root', wrong)).toBe(false);
  });

  it('opens no account that is locked, empty, expired, stale, malformed or absent', async () => {
    for (const user of [
      'locked',
      'star',
      'empty',
      'broken',
      'expired',
      'stale',
      'odd',
      'absent',
      '',
      'root:x',
    ])
      for (const password of ['x', '', '*', '!', 'notahash'])
        expect([user, await verifyPassword(shadow, user, password)]).toEqual([user, false]);
  });

  it('spends on an unknown user what it spends on a wrong password', async () => {
    const cost = async (user: string): Promise<number> => {
      const started = process.hrtime.bigint();
      for (let i = 0; i < 5; i++) await verifyPassword(shadow, user, 'wrong');
      return Number(process.hrtime.bigint() - started);
    };
    await cost('root');
    const ratio = (await cost('absent')) / (await cost('root'));
    expect(ratio).toBeGreaterThan(0.3);
  });

  it('leaves the event loop free meanwhile', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await Promise.all(Array.from({ length: 8 }, () => verifyPassword(shadow, 'root', 'wrong')));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });
});

describe('shadow(5) and passwd(5)', () => {
  it('counts days as the manual says', () => {
    const entry = findShadowEntry('u:$6$x$y:100:0:30:7:5:200:', 'u');
    if (entry === undefined) throw new Error('not found');
    expect(isUsable(entry, 135)).toBe(true);
    expect(isUsable(entry, 136)).toBe(false);
    expect(isUsable({ ...entry, inactiveDays: undefined }, 199)).toBe(true);
    expect(isUsable({ ...entry, inactiveDays: undefined }, 200)).toBe(false);
  });

  it('reads an account, with the defaults of login(1)', () => {
    const text = 'bad:x:zero:0::/:\nroot:x:0:0:root:/root:/bin/bash\nbare:x:5:6:::\n';
    expect(findAccount(text, 'root')).toEqual({
      name: 'root',
      uid: 0,
      gid: 0,
      fullName: 'root',
      home: '/root',
      shell: '/bin/bash',
    });
    const bare = { name: 'bare', uid: 5, gid: 6, fullName: '', home: '/', shell: '/bin/sh' };
    expect(findAccount(text, 'bare')).toEqual(bare);
    expect(findAccount(text, 'bad')).toBeUndefined();
  });
});

describe('an account whose password is not asked for', () => {
  const login = (line: string): boolean => {
    const entry = findShadowEntry(line, 'u');
    if (entry === undefined) throw new Error('not found');
    return mayLogInByKey(entry);
  };

  it('may log in unless it is locked or has expired', () => {
    expect(login('u:$6$x$y:13700:0:99999:7:::')).toBe(true);
    expect(login('u:*:13700:0:99999:7:::')).toBe(true);
    for (const line of [
      'u:!:13700::::::',
      'u:!$6$x$y:13700::::::',
      'u:*:13700:::::13701:',
      'u:*:13700:0:30:7:5::',
    ])
      expect([line, login(line)]).toEqual([line, false]);
  });

  it('is in the groups that name it and in its own', () => {
    const groups = parseGroups('wheel:x:10:joe,ann\nusers:x:100:\njoe:x:500:\n');
    const joe = { name: 'joe', uid: 500, gid: 500, fullName: '', home: '/', shell: '/bin/sh' };
    expect(groupNamesOf(groups, joe)).toEqual(['joe', 'wheel']);
  });
});
