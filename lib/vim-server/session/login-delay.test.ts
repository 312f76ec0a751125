import { beforeEach, describe, expect, it } from 'vitest';
import { LoginDelay } from './login-delay.js';

const right = async (): Promise<boolean> => true;
const wrong = async (): Promise<boolean> => false;
const root = { account: 'root', address: '10.0.0.9' };

describe('wrong passwords', () => {
  let nowMs: number;
  let waits: number[];
  let delay: LoginDelay;
  /** Ends the waits; while undefined they end at once. */
  let held: (() => void)[] | undefined;
  beforeEach(() => {
    nowMs = 1000;
    waits = [];
    held = undefined;
    delay = new LoginDelay({
      nowMs: () => nowMs,
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
    for (let i = 0; i < 8; i++) expect(await delay.check(root, wrong)).toBe(false);
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 4000, 4000]);
    expect(await delay.check(root, right)).toBe(true);
    expect(waits.length).toBe(8);
    await delay.check(root, right);
    expect(waits.length).toBe(8);
  });

  it('hold up neither another account nor another address', async () => {
    for (let i = 0; i < 3; i++) await delay.check(root, wrong);
    waits = [];
    await delay.check({ ...root, address: '10.0.0.10' }, right);
    await delay.check({ ...root, account: 'vpxuser' }, right);
    await delay.check({ ...root, account: undefined }, right);
    expect(waits).toEqual([]);
  });

  it('are forgiven after five minutes', async () => {
    await delay.check(root, wrong);
    nowMs += 5 * 60_000;
    await delay.check(root, wrong);
    expect(waits).toEqual([]);
  });

  it('are not looked at while sixteen wait', async () => {
    await delay.check(root, wrong);
    held = [];
    let looks = 0;
    const look = async (): Promise<boolean> => {
      looks += 1;
      return false;
    };
    const attempts = Array.from({ length: 40 }, () => delay.check(root, look));
    for (const end of held) end();
    expect(await Promise.all(attempts)).toEqual(Array(40).fill(false));
    expect(looks).toBe(16);
  });

  it('of ever new addresses take no more than a bounded memory: the oldest is forgotten', async () => {
    for (let i = 0; i <= 1024; i++) await delay.check({ account: 'root', address: `host${i}` }, wrong);
    for (const i of [1, 0]) await delay.check({ account: 'root', address: `host${i}` }, right);
    expect(waits).toEqual([250]);
  });
});
