import { beforeEach, describe, expect, it } from 'vitest';
import { Mc146818 } from './mc146818.js';

describe('Mc146818', () => {
  let nowMs: number;
  let line: boolean;
  let rtc: Mc146818;
  const read = (index: number) => {
    rtc.select(index);
    return rtc.read();
  };
  const write = (index: number, value: number) => {
    rtc.select(index);
    rtc.write(value);
  };

  beforeEach(() => {
    nowMs = Date.UTC(2007, 11, 31, 23, 58, 59, 100);
    line = false;
    rtc = new Mc146818(new Uint8Array(128), {
      wallMs: () => nowMs,
      raiseIrq: () => {
        line = true;
      },
      lowerIrq: () => {
        line = false;
      },
    });
  });

  it('tells the time in BCD and 24 hours after power-up', () => {
    expect([0, 2, 4, 6, 7, 8, 9, 0x32].map(read)).toEqual([0x59, 0x58, 0x23, 0x02, 0x31, 0x12, 0x07, 0x20]);
    expect(read(0x0d)).toBe(0x80);
  });

  it('tells binary and 12-hour time by register B', () => {
    write(0x0b, 0x04);
    expect(read(4)).toBe(11 | 0x80);
    write(0x0b, 0x06);
    expect(read(4)).toBe(23);
  });

  it('keeps time that the guest sets, from the moment SET is cleared', () => {
    write(0x0b, 0x82);
    for (const [index, value] of [
      [7, 0x31],
      [8, 0x03],
      [9, 0x24],
      [4, 0x01],
      [2, 0x00],
      [0, 0x00],
    ] as const)
      write(index, value);
    nowMs += 5000;
    expect(read(0)).toBe(0);
    write(0x0b, 0x02);
    nowMs += 2000;
    expect([7, 8, 9, 4, 0].map(read)).toEqual([0x31, 0x03, 0x24, 0x01, 0x02]);
  });

  it('raises the periodic interrupt at the programmed rate and merges what went by unseen', () => {
    write(0x0a, 0x26);
    write(0x0b, 0x42);
    expect(rtc.timer()).toBeCloseTo(1000 / 1024, 6);
    expect(line).toBe(false);
    nowMs += 1;
    rtc.timer();
    expect(line).toBe(true);
    expect(read(0x0c)).toBe(0xc0);
    expect(line).toBe(false);
    nowMs += 50;
    rtc.timer();
    expect(read(0x0c) & 0xc0).toBe(0xc0);
    expect(rtc.timer()).toBeLessThanOrEqual(1000 / 1024);
    expect(line).toBe(false);
  });

  it('raises the alarm in its second, and "do not care" bytes match all', () => {
    write(1, 0xff);
    write(3, 0x59);
    write(5, 0x23);
    write(0x0b, 0x22);
    rtc.timer();
    expect(line).toBe(false);
    nowMs += 1000;
    rtc.timer();
    expect(read(0x0c) & 0xa0).toBe(0xa0);
  });

  it('flags an update once a second and interrupts when asked', () => {
    nowMs += 1000;
    rtc.timer();
    expect(line).toBe(false);
    expect(read(0x0c)).toBe(0x10);
    write(0x0b, 0x12);
    nowMs += 1000;
    rtc.timer();
    expect(line).toBe(true);
    expect(read(0x0c)).toBe(0x90);
  });

  it('shows an update in progress just before the second turns', () => {
    expect(read(0x0a) & 0x80).toBe(0);
    nowMs += 899;
    expect(read(0x0a) & 0x80).toBe(0x80);
  });

  it('leaves the other bytes to the guest', () => {
    write(0x40, 0xa5);
    expect(read(0x40)).toBe(0xa5);
  });
});
