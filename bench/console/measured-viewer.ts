import type { Duplex } from 'node:stream';
import { ByteReader, Encoding, PIXEL_FORMAT_BYTES, RGB888, writePixelFormat } from '../../lib/rfb/index.js';
import { rectBytes } from './rect-bytes.js';

const INIT_BYTES = 8 + PIXEL_FORMAT_BYTES;
const RECT_BYTES = 12;
const LIMIT_MS = 20_000;

interface Arrival {
  /** Whether one of the update's rectangles had this pixel. */
  readonly has: (x: number, y: number) => boolean;
  readonly whole: boolean;
}

/**
 * A viewer that counts what it gets and does not decode it: the same for every server, and cheap beside it. It asks for
 * the next update as soon as one has arrived, as viewers do.
 */
export class MeasuredViewer {
  readonly #reader = new ByteReader();
  #rectsLeft = 0;
  #rects: { x: number; y: number; width: number; height: number }[] = [];
  #begun = false;
  #waiting: { done: (arrival: Arrival) => boolean; failed: (error: Error) => void } | undefined;
  #ended: Error | undefined;
  width = 0;
  height = 0;
  /** Updates that had pixels. */
  frames = 0;
  bytes = 0;

  private constructor(
    private readonly stream: Duplex,
    private readonly encodings: readonly number[],
  ) {
    stream.on('data', (bytes: Buffer) => this.#receive(bytes));
    stream.on('error', error => this.#end(error));
    stream.on('close', () => this.#end(new Error('the server closed the connection')));
  }

  /** @param stream at ServerInit. @returns when the first whole picture has arrived */
  static async open(stream: Duplex, encodings: readonly number[]): Promise<MeasuredViewer> {
    const viewer = new MeasuredViewer(stream, [...encodings, Encoding.desktopSize]);
    await viewer.#until(({ whole }) => whole);
    return viewer;
  }

  key(keysym: number, down: boolean): void {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt8(4, 0);
    bytes.writeUInt8(Number(down), 1);
    bytes.writeUInt32BE(keysym, 4);
    this.stream.write(bytes);
  }

  /** The next update with this pixel. */
  pixel(x: number, y: number): Promise<void> {
    return this.#until(arrival => arrival.has(x, y));
  }

  /** The next update with any pixel. */
  frame(): Promise<void> {
    return this.#until(() => true);
  }

  close(): void {
    this.#ended = new Error('the viewer was closed');
    this.stream.destroy();
  }

  #until(wanted: (arrival: Arrival) => boolean): Promise<void> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => failed(new Error('no such update came')), LIMIT_MS);
      const failed = (error: Error): void => {
        clearTimeout(timer);
        this.#waiting = undefined;
        reject(error);
      };
      const done = (arrival: Arrival): boolean => {
        if (!wanted(arrival)) return false;
        clearTimeout(timer);
        resolve();
        return true;
      };
      this.#waiting = { done, failed };
    });
  }

  #receive(bytes: Buffer): void {
    this.bytes += bytes.length;
    this.#reader.push(bytes);
    try {
      while (this.#next());
    } catch (error) {
      this.#end(error as Error);
      this.stream.destroy();
    }
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#waiting?.failed(error);
  }

  /** @returns false when more bytes are needed */
  #next(): boolean {
    const input = this.#reader;
    if (!this.#begun) return this.#init();
    if (this.#rectsLeft > 0) return this.#rect();
    if (input.length === 0) return false;
    switch (input.u8(0)) {
      case 0:
        if (input.length < 4) return false;
        this.#rectsLeft = input.u16(2);
        input.skip(4);
        if (this.#rectsLeft === 0) this.#updated();
        return true;
      case 2:
        input.skip(1);
        return true;
      default:
        throw new RangeError(`message ${input.u8(0)} of the server`);
    }
  }

  #init(): boolean {
    const input = this.#reader;
    if (input.length < INIT_BYTES || input.length < INIT_BYTES + input.u32(INIT_BYTES - 4)) return false;
    [this.width, this.height] = [input.u16(0), input.u16(2)];
    input.skip(INIT_BYTES + input.u32(INIT_BYTES - 4));
    this.#begun = true;
    const list = Buffer.alloc(4 + 4 * this.encodings.length);
    list.writeUInt8(2, 0);
    list.writeUInt16BE(this.encodings.length, 2);
    for (const [i, encoding] of this.encodings.entries()) list.writeInt32BE(encoding, 4 + 4 * i);
    this.stream.write(Buffer.concat([Buffer.alloc(4), writePixelFormat(RGB888), list]));
    this.#ask(false);
    return true;
  }

  #rect(): boolean {
    const input = this.#reader;
    if (input.length < RECT_BYTES) return false;
    const [x, y, width, height] = [input.u16(0), input.u16(2), input.u16(4), input.u16(6)];
    const encoding = input.i32(8);
    const data = new ByteReader();
    data.push(input.peek(RECT_BYTES, input.length - RECT_BYTES));
    const dataBytes = rectBytes(data, encoding, width, height);
    if (dataBytes === undefined || input.length < RECT_BYTES + dataBytes) return false;
    input.skip(RECT_BYTES + dataBytes);
    this.#rectsLeft--;
    if (encoding === Encoding.desktopSize) [this.width, this.height] = [width, height];
    else this.#rects.push({ x, y, width, height });
    if (this.#rectsLeft === 0) this.#updated();
    return true;
  }

  #updated(): void {
    const rects = this.#rects;
    this.#rects = [];
    this.#ask(true);
    if (rects.length === 0) return;
    this.frames++;
    const area = rects.reduce((total, rect) => total + rect.width * rect.height, 0);
    const arrival: Arrival = {
      has: (x, y) => rects.some(r => x >= r.x && y >= r.y && x < r.x + r.width && y < r.y + r.height),
      whole: area >= this.width * this.height,
    };
    if (this.#waiting?.done(arrival) === true) this.#waiting = undefined;
  }

  #ask(incremental: boolean): void {
    const bytes = Buffer.alloc(10);
    bytes.writeUInt8(3, 0);
    bytes.writeUInt8(Number(incremental), 1);
    bytes.writeUInt16BE(this.width, 6);
    bytes.writeUInt16BE(this.height, 8);
    this.stream.write(bytes);
  }
}
