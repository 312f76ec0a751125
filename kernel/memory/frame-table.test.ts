import { describe, expect, it } from 'vitest';
import { FrameTable, type Mpn, PageMap, type Ppn } from './frame-table.js';

const ppn = (n: number): Ppn => n as Ppn;

describe('frame table', () => {
  it('hands every frame out once and knows its owner', () => {
    const frames = new FrameTable(3);
    const taken = [0, 1, 2].map(i => frames.take(7, ppn(i + 10)));
    expect(new Set(taken).size).toBe(3);
    expect(frames.take(7, ppn(0))).toBeNull();
    expect(frames.freeFrames).toBe(0);
    const first = taken[0] as Mpn;
    expect([frames.ownerOf(first), frames.ppnOf(first)]).toEqual([7, 10]);
  });

  it('takes frames back, once', () => {
    const frames = new FrameTable(2);
    const mpn = frames.take(0, ppn(1)) as Mpn;
    frames.give(mpn);
    expect(frames.freeFrames).toBe(2);
    expect(frames.ownerOf(mpn)).toBeNull();
    expect(() => frames.give(mpn)).toThrow(RangeError);
  });

  it('keeps free + owned = total over random churn', () => {
    const frames = new FrameTable(5000);
    const map = new PageMap(5000);
    for (let i = 0; i < 5000; i += 2) map.place(ppn(i), frames.take(1, ppn(i)) as Mpn);
    expect(frames.freeFrames + map.presentPages).toBe(5000);
    map.empty(mpn => frames.give(mpn));
    expect([frames.freeFrames, map.presentPages]).toEqual([5000, 0]);
  });

  it('refuses to place a page twice', () => {
    const map = new PageMap(1);
    map.place(ppn(0), 5 as Mpn);
    expect(() => map.place(ppn(0), 6 as Mpn)).toThrow(RangeError);
  });
});
