import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Picture } from '../picture.js';

/** Of noVNC: a decoder of one encoding. `sock` and `display` have only what decoders use. */
interface Decoder {
  decodeRect(
    x: number,
    y: number,
    width: number,
    height: number,
    sock: unknown,
    display: unknown,
    depth: number,
  ): boolean;
}

/** The canvas, the way noVNC's decoders draw on it: red, green, blue, one byte unused. */
export class NoVncPicture {
  readonly pixels: Uint32Array;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.pixels = new Uint32Array(width * height).fill(0xff00ff);
  }

  fillRect(...[x, y, width, height, colour]: [number, number, number, number, ArrayLike<number>]): void {
    const [red = 0, green = 0, blue = 0] = Array.from(colour);
    for (let row = y; row < y + height; row++)
      this.pixels.fill((red << 16) | (green << 8) | blue, row * this.width + x, row * this.width + x + width);
  }

  blitImage(
    ...[x, y, width, height, data, from]: [number, number, number, number, Uint8Array, number]
  ): void {
    for (let i = 0; i < width * height; i++) {
      const at = from + i * 4;
      const colour = ((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0);
      this.pixels[(y + Math.floor(i / width)) * this.width + x + (i % width)] = colour;
    }
  }

  copyImage(...[fromX, fromY, x, y, width, height]: [number, number, number, number, number, number]): void {
    const old = this.pixels.slice();
    for (let row = 0; row < height; row++) {
      const source = (fromY + row) * this.width + fromX;
      this.pixels.set(old.subarray(source, source + width), (y + row) * this.width + x);
    }
  }

  matches(picture: Picture): boolean {
    return Buffer.from(this.pixels.buffer).equals(
      Buffer.from(picture.pixels.buffer, picture.pixels.byteOffset, picture.pixels.byteLength),
    );
  }
}

/** The receive queue of noVNC's websock, with everything there already. */
class Received {
  #offset = 0;

  constructor(private readonly bytes: Uint8Array) {}

  rQwait(_what: string, count: number, _goback?: number): boolean {
    return this.bytes.length - this.#offset < count;
  }

  rQlen(): number {
    return this.bytes.length - this.#offset;
  }

  rQpeek8(): number {
    return this.bytes[this.#offset] ?? 0;
  }

  rQpeekBytes(count: number): Uint8Array {
    return this.bytes.slice(this.#offset, this.#offset + count);
  }

  rQskipBytes(count: number): void {
    this.#offset += count;
  }

  rQshift8(): number {
    return this.bytes[this.#offset++] ?? 0;
  }

  rQshift16(): number {
    return this.rQshift8() * 256 + this.rQshift8();
  }

  rQshift32(): number {
    return this.rQshift16() * 65_536 + this.rQshift16();
  }

  rQshiftBytes(count: number): Uint8Array {
    this.#offset += count;
    return this.bytes.slice(this.#offset - count, this.#offset);
  }

  rQshiftTo(target: Uint8Array, count: number): void {
    target.set(this.rQshiftBytes(count));
  }
}

const DECODERS = ['raw', 'copyrect', 'hextile', 'zrle', 'tight'] as const;
export type DecoderName = (typeof DECODERS)[number];

/** noVNC's decoders of one connection: an implementation of the encodings by others. */
export class NoVncDecoders {
  private constructor(private readonly decoders: ReadonlyMap<DecoderName, Decoder>) {}

  static async load(): Promise<NoVncDecoders> {
    // Its logging looks for a browser's window.
    Object.assign(globalThis, { window: { console } });
    const decoders = new Map<DecoderName, Decoder>();
    for (const name of DECODERS) {
      const core = dirname(createRequire(import.meta.url).resolve('@novnc/novnc'));
      const module = (await import(pathToFileURL(join(core, 'decoders', `${name}.js`)).href)) as {
        default: new () => Decoder;
      };
      decoders.set(name, new module.default());
    }
    return new NoVncDecoders(decoders);
  }

  /** @returns how many bytes of `bytes` were the rectangle's. @throws Error when they are no whole rectangle */
  decode(
    name: DecoderName,
    rect: { x: number; y: number; width: number; height: number },
    bytes: Uint8Array,
    picture: NoVncPicture,
  ): number {
    const sock = new Received(bytes);
    const decoder = this.decoders.get(name);
    const { x, y, width, height } = rect;
    if (decoder?.decodeRect(x, y, width, height, sock, picture, 24) !== true)
      throw new Error(`${name}: incomplete`);
    return bytes.length - sock.rQlen();
  }
}
