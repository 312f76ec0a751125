import { describe, expect, it } from 'vitest';
import type { Change } from '../abi/index.js';
import { ChangeFeed } from './change-feed.js';

const publish = (feed: ChangeFeed, count: number): void => {
  for (let i = 0; i < count; i++) feed.publish({ topic: 'vm', object: `/vm/${i}`, event: 'poweredOn' });
};

describe('change feed', () => {
  it('hands over what came since, then follows', () => {
    const feed = new ChangeFeed();
    publish(feed, 3);
    const seen: number[] = [];
    const { gap } = feed.follow(1, (change: Change) => seen.push(change.seq));
    publish(feed, 1);
    expect([gap, seen]).toEqual([false, [2, 3, 4]]);
  });

  it('says gap to who was away for too long, and to who knows a future', () => {
    const feed = new ChangeFeed();
    publish(feed, 2000);
    expect(feed.follow(3, () => undefined).gap).toBe(true);
    expect(feed.follow(5000, () => undefined).gap).toBe(true);
    expect(feed.follow(1999, () => undefined).gap).toBe(false);
  });

  it('starts from now for who asks for nothing older', () => {
    const feed = new ChangeFeed();
    publish(feed, 5);
    const seen: number[] = [];
    const { stop } = feed.follow(undefined, change => seen.push(change.seq));
    publish(feed, 1);
    stop();
    publish(feed, 1);
    expect(seen).toEqual([6]);
  });
});
