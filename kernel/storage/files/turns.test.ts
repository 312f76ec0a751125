import { describe, expect, it } from 'vitest';
import { Turns } from './turns.js';

/** Work that says when it begins and ends when told to. */
function stage() {
  const turns = new Turns();
  const log: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) => () =>
    new Promise<string>(resolve => {
      log.push(name);
      ends.set(name, () => resolve(name));
    });
  return { turns, log, work, end: (name: string) => ends.get(name)?.() };
}

describe('turns', () => {
  it('lets work that shares run side by side, and what is to be alone only when it is done', async () => {
    const { turns, log, work, end } = stage();
    const first = turns.shared(work('a'));
    const second = turns.shared(work('b'));
    const alone = turns.alone(work('c'));
    expect(log).toEqual(['a', 'b']);
    end('a');
    await first;
    expect(log).toEqual(['a', 'b']);
    end('b');
    await second;
    await Promise.resolve();
    expect(log).toEqual(['a', 'b', 'c']);
    end('c');
    expect(await alone).toBe('c');
  });

  it('lets nothing overtake what waits to be alone', async () => {
    const { turns, log, work, end } = stage();
    const first = turns.shared(work('a'));
    const alone = turns.alone(work('b'));
    const later = turns.shared(work('c'));
    end('a');
    await first;
    await Promise.resolve();
    expect(log).toEqual(['a', 'b']);
    end('b');
    await alone;
    await Promise.resolve();
    expect(log).toEqual(['a', 'b', 'c']);
    end('c');
    expect(await later).toBe('c');
  });

  it('goes on after work that failed', async () => {
    const { turns, log, work, end } = stage();
    await expect(turns.alone(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const next = turns.alone(work('a'));
    expect(log).toEqual(['a']);
    end('a');
    expect(await next).toBe('a');
  });
});
