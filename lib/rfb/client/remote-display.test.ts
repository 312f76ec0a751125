import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { InputSink } from '../display.js';
import { serverInit } from '../server-messages.js';
import { drawn, TestDisplay } from '../testing/pictures.js';
import { Viewer } from '../viewer.js';
import { RemoteDisplay } from './remote-display.js';

/** Two ends of one connection within this process. */
function connection(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const end = (other: number): Duplex =>
    new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        ends[other]?.push(Buffer.from(chunk));
        done();
      },
      final: done => {
        ends[other]?.push(null);
        done();
      },
    });
  ends.push(end(1), end(0));
  const [one = end(1), two = end(0)] = ends;
  return [one, two];
}

interface Typed {
  readonly what: string;
  readonly values: readonly number[];
}

async function served(width = 64, height = 48) {
  const shown = new TestDisplay(width, height);
  const typed: Typed[] = [];
  const note = (what: string, ...values: number[]): void => void typed.push({ what, values });
  const input: InputSink = {
    key: (keysym, down) => note('key', keysym, Number(down)),
    scancode: (code, down) => note('scancode', code, Number(down)),
    pointer: (x, y, buttons) => note('pointer', x, y, buttons),
    release: () => note('release'),
  };
  const [near, far] = connection();
  const viewer = new Viewer({
    stream: far,
    entry: 'serverInit',
    name: 'a guest',
    password: null,
    display: shown,
    input,
    refusal: () => null,
    started: () => undefined,
    ended: () => undefined,
  });
  let reason = '';
  const display = await RemoteDisplay.open({
    stream: near,
    ended: why => {
      reason = why;
    },
  });
  return { shown, typed, display, viewer, reason: () => reason };
}

describe('a picture that a server sends', () => {
  it('has the server’s name, size and pixels', async () => {
    const { shown, display } = await served();
    shown.pixels.set(drawn(64, 48, (x, y) => x * 0x030000 + y * 0x0005).pixels);
    await display.capture();
    expect(display.name).toBe('a guest');
    expect([display.width, display.height]).toEqual([64, 48]);
    expect([...display.pixels]).toEqual([...shown.pixels]);
  });

  it('follows changes, scrolling too', async () => {
    const { shown, display } = await served(64, 480);
    const lines = drawn(64, 480, (x, y) => ((Math.imul(x + 1, (y >> 4) + 3) >> 1) & 1 ? 0xaaaaaa : 0));
    shown.pixels.set(lines.pixels);
    await display.capture();
    for (let scrolled = 16; scrolled <= 64; scrolled += 16) {
      const seen = new Promise<void>(resolve => {
        display.on({ changed: () => resolve(), resized: () => resolve() });
      });
      display.request();
      const scrolledLine = (x: number, y: number): number =>
        lines.pixels[((y + scrolled) % 480) * 64 + x] ?? 0;
      shown.fill({ x: 0, y: 0, width: 64, height: 480 }, scrolledLine);
      await seen;
    }
    await display.capture();
    expect([...display.pixels]).toEqual([...shown.pixels]);
  });

  it('sends what viewers type and point at, and releases what they held when they leave', async () => {
    const { typed, display } = await served();
    const [one, two] = [display.input(), display.input()];
    one.key(0xff0d, true);
    two.scancode(0x1d, true);
    one.pointer(5, 6, 1);
    one.release();
    two.release();
    await expect.poll(() => typed.length).toBe(6);
    expect(typed.map(({ what, values }) => [what, ...values])).toEqual([
      ['key', 0xff0d, 1],
      ['scancode', 0x1d, 1],
      ['pointer', 5, 6, 1],
      ['key', 0xff0d, 0],
      ['pointer', 5, 6, 0],
      ['scancode', 0x1d, 0],
    ]);
  });

  it('ends with the connection, and says why', async () => {
    const { viewer, reason, display } = await served();
    const waiting = display.capture();
    viewer.end('the VM ends');
    await waiting;
    await expect.poll(reason).toMatch(/ended|closed/);
  });
});

describe('a server that does not keep to the protocol', () => {
  async function reasonFor(...bytes: Buffer[]): Promise<string> {
    const [near, far] = connection();
    const ended = new Promise<string>((resolve, reject) => {
      RemoteDisplay.open({ stream: near, ended: resolve }).catch(reject);
    });
    for (const part of bytes) far.write(part);
    return ended;
  }
  const init = serverInit(8, 8, 'x');
  const rect = (x: number, y: number, width: number, height: number, encoding: number): Buffer => {
    const head = Buffer.alloc(16);
    head.writeUInt16BE(1, 2);
    for (const [i, value] of [x, y, width, height].entries()) head.writeUInt16BE(value, 4 + 2 * i);
    head.writeInt32BE(encoding, 12);
    return head;
  };

  it('is left, with the reason', async () => {
    expect(await reasonFor(init, Buffer.from([77]))).toMatch(/message 77/);
    expect(await reasonFor(init, rect(4, 4, 5, 5, 0), Buffer.alloc(100))).toMatch(/outside of the picture/);
    expect(await reasonFor(init, rect(0, 0, 4, 4, 1), Buffer.from([0, 6, 0, 6]))).toMatch(/from outside/);
    expect(await reasonFor(init, rect(0, 0, 4, 4, 16))).toMatch(/encoding 16/);
    expect(await reasonFor(init, rect(0, 0, 65_535, 65_535, 0))).toMatch(/most/);
  });

  it('is refused where its picture would be too large', async () => {
    await expect(reasonFor(serverInit(65_535, 65_535, 'x'))).rejects.toThrow(/most/);
  });

  it('may send its bytes one by one', async () => {
    const [near, far] = connection();
    const opening = RemoteDisplay.open({ stream: near, ended: () => undefined });
    for (const byte of init) far.write(Buffer.from([byte]));
    const display = await opening;
    await once(far, 'data');
    const seen = new Promise<void>(resolve => {
      display.on({ changed: () => resolve(), resized: () => resolve() });
    });
    const pixels = Buffer.alloc(4, 0x11);
    for (const byte of Buffer.concat([rect(7, 7, 1, 1, 0), pixels])) far.write(Buffer.from([byte]));
    await seen;
    expect(display.pixels[63]).toBe(0x11111111);
  });
});
