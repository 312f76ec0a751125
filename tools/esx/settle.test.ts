import { describe, expect, it } from 'vitest';
import { Settle } from './settle.js';

const RULE = { quietMs: 1000, limitMs: 10_000 };

describe('the end of a console session without a terminal', () => {
  it('does not come before the end of input', () => {
    const settle = new Settle(RULE);
    settle.printed('hello', 0);
    expect(settle.state(60_000)).toBe('no');
  });

  it('comes when the guest has been quiet after its answer', () => {
    const settle = new Settle(RULE);
    settle.typed(0);
    settle.inputEnded(10);
    expect(settle.state(5000)).toBe('no');
    settle.printed('answer', 5000);
    expect(settle.state(5999)).toBe('no');
    expect(settle.state(6000)).toBe('yes');
  });

  it('comes after the quiet time when nothing was typed', () => {
    const settle = new Settle(RULE);
    settle.inputEnded(100);
    expect(settle.state(1099)).toBe('no');
    expect(settle.state(1100)).toBe('yes');
  });

  it('comes at the limit when the guest never stops or never answers', () => {
    const talking = new Settle(RULE);
    talking.inputEnded(0);
    for (let t = 0; t < 10_000; t += 100) talking.printed('x', t);
    expect(talking.state(9999)).toBe('no');
    expect(talking.state(10_000)).toBe('yes');
    const silent = new Settle(RULE);
    silent.typed(0);
    silent.inputEnded(0);
    expect(silent.state(9999)).toBe('no');
    expect(silent.state(10_000)).toBe('yes');
  });

  it('comes with the text waited for, however it is cut, and is a failure at the limit', () => {
    const settle = new Settle({ ...RULE, waitFor: /^done$/m });
    settle.inputEnded(0);
    settle.printed('work\ndo', 1);
    expect(settle.state(5000)).toBe('no');
    settle.printed('ne\n', 5001);
    expect(settle.state(5001)).toBe('yes');
    const before = new Settle({ ...RULE, waitFor: /# $/ });
    before.printed('an old prompt # ', 0);
    before.typed(1);
    before.inputEnded(1);
    expect(before.state(2)).toBe('no');
    const never = new Settle({ ...RULE, waitFor: /never/ });
    never.inputEnded(0);
    expect(never.state(10_000)).toBe('limit');
  });
});
