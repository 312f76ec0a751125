import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from './clock.js';
import type { InputSink } from './display.js';
import { randomNumbers, TestDisplay } from './testing/pictures.js';
import { TestConnection, TestViewer } from './testing/viewer-client.js';
import { Viewer } from './viewer.js';

const [WIDTH, HEIGHT] = [320, 200];
const [TIGHT, ZRLE, HEXTILE, RAW, COPY_RECT] = [7, 16, 5, 0, 1];
const [DESKTOP_SIZE, EXTENDED_KEYS, LEDS] = [-223, -258, -261];
const ALL = { x: 0, y: 0, width: WIDTH, height: HEIGHT };

/** Time that passes when a test says so. */
class TestClock implements Clock {
  #nowMs = 1000;
  readonly #timers = new Set<{ atMs: number; call: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, call: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, call };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  pass(ms: number): void {
    this.#nowMs += ms;
    for (const timer of [...this.#timers])
      if (timer.atMs <= this.#nowMs && this.#timers.delete(timer)) timer.call();
  }
}

let display: TestDisplay;
let clock: TestClock;
let connection: TestConnection;
let ends: string[];
let input: unknown[][];

beforeEach(() => {
  display = new TestDisplay(WIDTH, HEIGHT);
  clock = new TestClock();
  connection = new TestConnection();
  ends = [];
  input = [];
});

async function open(...encodings: number[]): Promise<TestViewer> {
  const sink: InputSink = {
    key: (...args) => input.push(['key', ...args]),
    scancode: (...args) => input.push(['scancode', ...args]),
    pointer: (...args) => input.push(['pointer', ...args]),
    release: () => input.push(['release']),
  };
  new Viewer({
    stream: connection.server,
    entry: 'serverInit',
    name: 'web01',
    password: null,
    display,
    input: sink,
    clock,
    refusal: () => null,
    started: () => undefined,
    ended: reason => ends.push(reason),
  });
  await settle();
  const init = connection.take();
  expect([init.readUInt16BE(0), init.readUInt16BE(2)]).toEqual([WIDTH, HEIGHT]);
  expect(init.subarray(20)).toEqual(Buffer.from('\0\0\0\x05web01', 'latin1'));
  const viewer = await TestViewer.open(connection, display);
  viewer.setFormat();
  viewer.setEncodings(...encodings);
  return viewer;
}

/** Lets promises, streams and zlib's threads do what they can. */
async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await turn();
}

async function nextUpdate(viewer: TestViewer) {
  // zlib's threads take their own time.
  for (const lateMs = performance.now() + 10_000; performance.now() < lateMs; await turn()) {
    const update = viewer.receive();
    if (update !== null) return update;
    clock.pass(1);
  }
  throw new Error('no update');
}

describe.each([
  ['Tight', TIGHT],
  ['ZRLE', ZRLE],
  ['Hextile', HEXTILE],
  ['Raw', RAW],
])('a viewer that prefers %s', (_, encoding) => {
  test('has the picture after whatever was drawn, scrolled and resized', async () => {
    const random = randomNumbers(encoding + 1);
    display.fill(ALL, (x, y) => (x * y) & 0xffffff);
    const viewer = await open(encoding, COPY_RECT, DESKTOP_SIZE);
    viewer.request(false);
    await nextUpdate(viewer);
    for (let step = 0; step < 40; step++) {
      viewer.request(true);
      if (step % 13 === 12) display.resize(200 + (random() % 200), 100 + (random() % 150), step * 0x010203);
      else if (step % 3 === 0) {
        display.pixels.copyWithin(0, 16 * display.width);
        display.fill({ x: 0, y: 0, width: display.width, height: display.height }, (x, y) =>
          y < display.height - 16 ? (display.pixels[y * display.width + x] ?? 0) : x * step,
        );
      } else {
        const x = random() % (display.width - 20);
        const y = random() % (display.height - 20);
        display.fill(
          { x, y, width: 1 + (random() % 20), height: 1 + (random() % 20) },
          () => random() & 0xffffff,
        );
      }
      const { encodings } = await nextUpdate(viewer);
      if (!encodings.includes(DESKTOP_SIZE))
        expect(viewer.picture.matches(display), `step ${step}`).toBe(true);
    }
    expect(ends).toEqual([]);
  });
});

describe('updates', () => {
  test('a text screen that scrolls by a line is moved, not sent again', async () => {
    const random = randomNumbers(3);
    display.fill(ALL, () => (random() % 5 === 0 ? 0xaaaaaa : 0));
    const viewer = await open(RAW, COPY_RECT);
    viewer.request(false);
    await nextUpdate(viewer);
    viewer.request(true);
    display.pixels.copyWithin(0, 16 * WIDTH);
    display.fill(ALL, (x, y) => (y < HEIGHT - 16 ? (display.pixels[y * WIDTH + x] ?? 0) : x));
    await settle();
    clock.pass(40);
    await settle();
    expect(connection.waitingBytes).toBeLessThan(17 * WIDTH * 4);
    expect((await nextUpdate(viewer)).encodings).toEqual([COPY_RECT, RAW]);
    expect(viewer.picture.matches(display)).toBe(true);
  });

  test('nothing is sent that was not asked for, and a request asks for one update', async () => {
    const viewer = await open(ZRLE);
    viewer.request(false);
    await nextUpdate(viewer);
    for (let i = 0; i < 10; i++) {
      display.fill({ ...ALL, height: 10 }, () => i);
      clock.pass(100);
      await settle();
    }
    expect(connection.waitingBytes).toBe(0);
    viewer.request(true);
    await nextUpdate(viewer);
    expect(viewer.picture.matches(display)).toBe(true);
    clock.pass(1000);
    await settle();
    expect(connection.waitingBytes).toBe(0);
  });

  test('an idle picture costs one request of a capture and no bytes', async () => {
    const viewer = await open(ZRLE);
    viewer.request(false);
    await nextUpdate(viewer);
    clock.pass(1000);
    display.requests = 0;
    viewer.request(true);
    clock.pass(10_000);
    await settle();
    expect(connection.waitingBytes).toBe(0);
    expect(display.requests).toBe(1);
  });

  test('a viewer that reads slowly gets fewer pictures and holds one update, then is ended', async () => {
    const random = randomNumbers(1);
    const viewer = await open(RAW);
    for (let i = 0; i < 100; i++) {
      viewer.request(i > 0);
      display.fill(ALL, () => random() & 0xffffff);
      clock.pass(100);
      await settle();
      expect(connection.waitingBytes).toBeLessThanOrEqual(WIDTH * HEIGHT * 4 + 100);
    }
    expect(ends).toEqual([]);
    clock.pass(60_000);
    expect(ends).toEqual(['the viewer takes nothing']);
    expect(display.watched).toBe(false);
  });

  test('no more than 30 a second', async () => {
    const viewer = await open(HEXTILE);
    let updates = 0;
    viewer.request(false);
    for (let ms = 0; ms < 1000; ms++) {
      display.fill({ ...ALL, height: 3 }, () => ms);
      clock.pass(1);
      await turn();
      if (viewer.receive() === null) continue;
      updates++;
      viewer.request(true);
    }
    expect(updates).toBeGreaterThan(20);
    expect(updates).toBeLessThanOrEqual(31);
  });

  test('a viewer that cannot be told of another size sees what fits, and black beyond', async () => {
    display.fill(ALL, () => 0xff0000);
    const viewer = await open(ZRLE);
    viewer.request(false);
    await nextUpdate(viewer);
    display.resize(WIDTH - 100, HEIGHT + 50, 0x00ff00);
    viewer.request(true);
    await nextUpdate(viewer);
    expect(viewer.picture.pixels[0]).toBe(0x00ff00);
    expect(viewer.picture.pixels[(HEIGHT - 1) * WIDTH + WIDTH - 101]).toBe(0x00ff00);
    expect(viewer.picture.pixels[WIDTH - 100]).toBe(0);
    expect(viewer.picture.pixels[WIDTH * HEIGHT - 1]).toBe(0);
  });

  test('keyboard lights and extended keys are told to who understands them', async () => {
    display.lights = { scroll: false, num: true, caps: false };
    const viewer = await open(RAW, LEDS, EXTENDED_KEYS);
    viewer.request(false);
    expect((await nextUpdate(viewer)).encodings).toEqual([EXTENDED_KEYS, LEDS, RAW]);
    viewer.request(true);
    display.setLights({ scroll: false, num: true, caps: true });
    expect((await nextUpdate(viewer)).encodings).toEqual([LEDS]);
  });
});

describe('input', () => {
  test('reaches the guest, and is released when the viewer leaves', async () => {
    await open(RAW);
    connection.send(Buffer.from('0401000000000061' + '0501ffff0010' + 'ff000001000000610000001e', 'hex'));
    await settle();
    expect(input).toEqual([
      ['key', 0x61, true],
      ['pointer', WIDTH - 1, 16, 1],
      ['scancode', 0x1e, true],
    ]);
    connection.send(Buffer.of(99));
    await settle();
    expect(ends).toEqual(['UnknownMessage: message type 99']);
    expect(input.at(-1)).toEqual(['release']);
  });
});
