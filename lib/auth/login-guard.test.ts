import { beforeEach, describe, expect, it } from 'vitest';
import { type LoginAttempt, LoginGuard } from './login-guard.js';

const right = async (): Promise<boolean> => true;
const wrong = async (): Promise<boolean> => false;
const root = { account: 'root', address: '10.0.0.9' };

describe('wrong passwords', () => {
  let nowMs: number;
  let waits: number[];
  let locked: LoginAttempt[];
  let guard: LoginGuard;
  /** Ends the waits; while undefined they end at once. */
  let held: (() => void)[] | undefined;
  beforeEach(() => {
    nowMs = 1000;
    waits = [];
    locked = [];
    held = undefined;
    guard = new LoginGuard({
      nowMs: () => nowMs,
      lockedOut: attempt => locked.push(attempt),
      sleep: delayMs => {
        waits.push(delayMs);
        return new Promise<void>(resolve => {
          if (held === undefined) resolve();
          else held.push(resolve);
        });
      },
    });
  });

  it('make the next attempt wait longer and longer, up to four seconds, a right one too', async () => {
    for (let i = 0; i < 8; i++) expect(await guard.check(root, wrong)).toBe(false);
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 4000, 4000]);
    expect(await guard.check(root, right)).toBe(true);
    expect(waits.length).toBe(8);
    await guard.check(root, right);
    expect(waits.length).toBe(8);
  });

  it('hold up neither another account nor another address', async () => {
    for (let i = 0; i < 3; i++) await guard.check(root, wrong);
    waits = [];
    await guard.check({ ...root, address: '10.0.0.10' }, right);
    await guard.check({ ...root, account: 'vpxuser' }, right);
    await guard.check({ ...root, account: undefined }, right);
    expect(waits).toEqual([]);
  });

  it('are forgiven after five minutes', async () => {
    await guard.check(root, wrong);
    nowMs += 5 * 60_000;
    await guard.check(root, wrong);
    expect(waits).toEqual([]);
  });

  it('close the account to the address for a minute once there are ten in one', async () => {
    for (let i = 0; i < 9; i++) await guard.check(root, wrong);
    expect(locked).toEqual([]);
    await guard.check(root, wrong);
    expect(locked).toEqual([root]);
    waits = [];
    expect(await guard.check(root, right)).toBe(false);
    expect(waits).toEqual([]);
    expect(await guard.check({ ...root, address: '10.0.0.10' }, right)).toBe(true);
    nowMs += 59_999;
    expect(await guard.check(root, right)).toBe(false);
    nowMs += 1;
    expect(await guard.check(root, right)).toBe(true);
  });

  it('spread over more than a minute close nothing', async () => {
    for (let i = 0; i < 30; i++) {
      await guard.check(root, wrong);
      nowMs += 7000;
    }
    expect(locked).toEqual([]);
    expect(await guard.check(root, right)).toBe(true);
  });

  it('are not looked at while sixteen wait', async () => {
    await guard.check(root, wrong);
    held = [];
    let looks = 0;
    const look = async (): Promise<boolean> => {
      looks += 1;
      return false;
    };
    const attempts = Array.from({ length: 40 }, () => guard.check(root, look));
    for (const end of held) end();
    expect(await Promise.all(attempts)).toEqual(Array(40).fill(false));
    expect(looks).toBe(16);
  });

  it('of ever new addresses take no more than a bounded memory: the oldest is forgotten', async () => {
    for (let i = 0; i <= 1024; i++) await guard.check({ account: 'root', address: `host${i}` }, wrong);
    for (const i of [1, 0]) await guard.check({ account: 'root', address: `host${i}` }, right);
    expect(waits).toEqual([250]);
  });
});
