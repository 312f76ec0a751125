import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StartingConnections } from './starting-connections.js';

class Client {
  alive = true;
  destroy(): void {
    this.alive = false;
  }
}

describe('connections without a login', () => {
  let dropped: string[];
  let starting: StartingConnections<Client>;
  const come = (address: string): Client => {
    const client = new Client();
    starting.add(client, address);
    return client;
  };
  beforeEach(() => {
    vi.useFakeTimers();
    dropped = [];
    const limits = { max: 4, maxPerAddress: 2, graceMs: 30_000 };
    starting = new StartingConnections(limits, (address, reason) => dropped.push(`${address}: ${reason}`));
  });
  afterEach(() => vi.useRealTimers());

  it('of one address push out their own oldest and nobody else’s', () => {
    const other = come('b');
    const [first, second, third] = [come('a'), come('a'), come('a')];
    expect([other, first, second, third].map(c => c.alive)).toEqual([true, false, true, true]);
    expect(dropped).toEqual(['a: too many from its address']);
  });

  it('of many addresses push out the oldest: a new one always gets in', () => {
    const clients = ['a', 'b', 'c', 'd', 'e', 'f'].map(come);
    expect(clients.map(c => c.alive)).toEqual([false, false, true, true, true, true]);
    expect([starting.size, dropped[0]]).toEqual([4, 'a: too many without a login']);
  });

  it('are dropped when they take too long, those with a login are not', () => {
    const [slow, quick] = [come('a'), come('b')];
    starting.remove(quick);
    vi.advanceTimersByTime(29_999);
    expect(slow.alive).toBe(true);
    vi.advanceTimersByTime(1);
    expect([slow.alive, quick.alive, dropped]).toEqual([false, true, ['a: no login in time']]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('all end at once when the daemon does', () => {
    const clients = ['a', 'b'].map(come);
    starting.destroyAll();
    expect([clients.map(c => c.alive), vi.getTimerCount(), dropped]).toEqual([[false, false], 0, []]);
  });
});
