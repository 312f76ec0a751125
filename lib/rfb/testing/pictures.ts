import type { Display, DisplayListener, KeyboardLights, Rect } from '../display.js';
import type { Picture } from '../picture.js';

/** Pseudo-random numbers of 32 bits, the same for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return (state ^ (state >>> 13)) >>> 0;
  };
}

/** @param colour of the pixel at x, y */
export function drawn(width: number, height: number, colour: (x: number, y: number) => number): Picture {
  const pixels = Uint32Array.from({ length: width * height }, (_, i) =>
    colour(i % width, Math.floor(i / width)),
  );
  return { width, height, pixels };
}

/** Something of every kind that an encoder looks for. */
export function samplePictures(width: number, height: number): Readonly<Record<string, Picture>> {
  const random = randomNumbers(7);
  const noise = drawn(width, height, () => random() & 0xffffff);
  return {
    'one colour': drawn(width, height, () => 0x123456),
    'two colours': drawn(width, height, (x, y) => (((x * 7) ^ (y * 3)) % 5 === 0 ? 0xaaaaaa : 0)),
    text: drawn(width, height, (x, y) =>
      ((x >> 1) * (y >> 2)) % 11 === 0 ? ([0xaaaaaa, 0x5555ff][y & 1] ?? 0) : 0,
    ),
    'sixteen colours': drawn(width, height, (x, y) => (((x >> 2) + (y >> 1)) % 16) * 0x101010),
    'hundred colours': drawn(width, height, (x, y) => (((x >> 3) * 3 + (y >> 4)) % 100) * 0x010203),
    gradient: drawn(width, height, (x, y) => ((x & 255) << 16) | ((y & 255) << 8) | ((x ^ y) & 255)),
    noise,
    'noise on a plain': drawn(width, height, (x, y) =>
      x > 40 && y > 30 ? (noise.pixels[x] ?? 0) : 0x00ff00,
    ),
    'long runs': drawn(width, height, (_, y) => (y % 70 === 0 ? y : 0x808080)),
  };
}

/** A display that a test draws on. */
export class TestDisplay implements Display {
  mode: 'text' | 'graphics' = 'text';
  lights: KeyboardLights | null = null;
  absolutePointer = true;
  requests = 0;
  captures = 0;
  pixels: Uint32Array;
  readonly #listeners = new Set<DisplayListener>();

  constructor(
    public width: number,
    public height: number,
  ) {
    this.pixels = new Uint32Array(new SharedArrayBuffer(width * height * 4));
  }

  request(): void {
    this.requests++;
  }

  capture(): Promise<void> {
    this.captures++;
    return Promise.resolve();
  }

  on(listener: DisplayListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get watched(): boolean {
    return this.#listeners.size > 0;
  }

  fill(rect: Rect, colour: (x: number, y: number) => number): void {
    for (let y = rect.y; y < rect.y + rect.height; y++)
      for (let x = rect.x; x < rect.x + rect.width; x++) this.pixels[y * this.width + x] = colour(x, y);
    for (const listener of this.#listeners) listener.changed([rect]);
  }

  resize(width: number, height: number, colour: number): void {
    [this.width, this.height] = [width, height];
    this.pixels = new Uint32Array(new SharedArrayBuffer(width * height * 4)).fill(colour);
    for (const listener of this.#listeners) listener.resized();
  }

  setLights(lights: KeyboardLights): void {
    this.lights = lights;
    for (const listener of this.#listeners) listener.leds?.(lights);
  }
}
