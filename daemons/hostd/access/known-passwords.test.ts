import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KnownPasswords } from './known-passwords.js';

/** The hash that the machine's own openssl makes. */
const hash = (password: string): string =>
  execFileSync('openssl', ['passwd', '-6', '-salt', 'abcdefgh', password], { encoding: 'utf8' }).trim();

let folder: string;
let passwords: KnownPasswords;
let shadow: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'known-'));
  shadow = join(folder, 'shadow');
  writeFileSync(join(folder, 'passwd'), 'root:x:0:0::/root:/bin/sh\n');
  writeFileSync(shadow, `root:${hash('first')}:13700:0:99999:7:::\n`);
  passwords = new KnownPasswords({ shadow, passwd: join(folder, 'passwd') });
});
afterEach(() => rmSync(folder, { recursive: true }));

async function costMs(password: string, times: number): Promise<number> {
  const started = performance.now();
  for (let i = 0; i < times; i++) await passwords.verify('root', password);
  return performance.now() - started;
}

describe('a password that was right', () => {
  it('is right again at a fraction of the cost; a wrong one stays wrong and dear', async () => {
    const cold = await costMs('first', 1);
    expect(await passwords.verify('root', 'first')).toBe(true);
    expect((await costMs('first', 20)) / 20).toBeLessThan(cold / 2);
    expect(await passwords.verify('root', 'First')).toBe(false);
    expect(await passwords.verify('root2', 'first')).toBe(false);
  });

  it('is wrong at once when the account changes', async () => {
    expect(await passwords.verify('root', 'first')).toBe(true);
    const fresh = join(folder, 'shadow.new');
    writeFileSync(fresh, `root:${hash('other')}:13700:0:99999:7:::\n`);
    renameSync(fresh, shadow);
    expect(await passwords.verify('root', 'first')).toBe(false);
    expect(await passwords.verify('root', 'other')).toBe(true);
    writeFileSync(shadow, `root:!${hash('other')}:13700:0:99999:7:::\n`);
    expect(await passwords.verify('root', 'other')).toBe(false);
  });
});

describe('a write lease on the shadow file', () => {
  it('holds a login for a moment, not until it is broken', async () => {
    const script = `import fcntl, sys, time, signal
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = open(sys.argv[1], 'r+')
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print('held', flush=True)
sys.stdin.read()
`;
    const holder = spawn('python3', ['-c', script, shadow], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    const started = performance.now();
    await expect(passwords.verify('root', 'first')).rejects.toMatchObject({ code: 'EAGAIN' });
    expect(performance.now() - started).toBeLessThan(4000);
    holder.stdin.end();
    await once(holder, 'exit');
    expect(await passwords.verify('root', 'first')).toBe(true);
  });
});
