import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readUserFile } from './user-file.js';

describe.runIf(process.getuid?.() === 0)('a file that says who a user is', () => {
  const account = { name: 'joe', uid: 4711, gid: 4711, fullName: '', shell: '/bin/sh' };
  let home: string;
  let path: string;
  const read = (strict = true) => readUserFile(path, { ...account, home }, strict);
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'home-'));
    chownSync(home, account.uid, account.gid);
    mkdirSync(join(home, '.ssh'), { mode: 0o700 });
    path = join(home, '.ssh/authorized_keys');
    writeFileSync(path, 'text', { mode: 0o600 });
    for (const each of [join(home, '.ssh'), path]) chownSync(each, account.uid, account.gid);
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it('is read when only root and the user could have written it', () => {
    expect(read()).toEqual({ kind: 'read', text: 'text' });
    chownSync(path, 0, 0);
    expect(read().kind).toBe('read');
  });

  it('is refused when others could: the file, its folder, the home', () => {
    for (const each of [path, join(home, '.ssh'), home]) {
      chmodSync(each, 0o777);
      expect([each, read().kind]).toEqual([each, 'refused']);
      expect(read(false).kind).toBe('read');
      chmodSync(each, 0o700);
      chownSync(each, 12, 12);
      expect([each, read().kind]).toEqual([each, 'refused']);
      chownSync(each, account.uid, account.gid);
    }
    expect(read().kind).toBe('read');
  });

  it('is judged where a link leads to', () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'));
    rmSync(path);
    writeFileSync(join(elsewhere, 'keys'), 'x', { mode: 0o600 });
    chmodSync(elsewhere, 0o777);
    symlinkSync(join(elsewhere, 'keys'), path);
    expect(read().kind).toBe('refused');
    rmSync(elsewhere, { recursive: true });
    expect(read()).toEqual({ kind: 'absent' });
  });

  it('holds nobody up when it is a FIFO, a device, a folder or too large', () => {
    rmSync(path);
    execFileSync('mkfifo', ['-m', '600', path]);
    expect(read()).toMatchObject({ kind: 'refused' });
    rmSync(path);
    symlinkSync('/dev/zero', path);
    expect(read()).toMatchObject({ kind: 'refused' });
    rmSync(path);
    mkdirSync(path);
    expect(read()).toMatchObject({ kind: 'refused' });
    rmSync(path, { recursive: true });
    writeFileSync(path, Buffer.alloc((1 << 20) + 1), { mode: 0o600 });
    expect(read()).toMatchObject({ kind: 'refused' });
  });
});
