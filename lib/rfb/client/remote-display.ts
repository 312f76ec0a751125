import type { Duplex } from 'node:stream';
import { ByteReader } from '../byte-reader.js';
import type { Display, DisplayListener, KeyboardLights, Rect } from '../display.js';
import { Encoding } from '../encodings.js';
import { RfbError } from '../rfb-error.js';
import { requestUpdate, setEncodings, setPixelFormat } from './messages.js';
import { RemoteInput } from './remote-input.js';
import { type RectHead, ServerMessages } from './server-reader.js';

const ENCODINGS = [
  Encoding.copyRect,
  Encoding.raw,
  Encoding.desktopSize,
  Encoding.extendedKeyEvent,
  Encoding.ledState,
];

export interface RemoteDisplayOptions {
  /** Begins with ServerInit: what came before is done. */
  readonly stream: Duplex;
  /** Called once; the display shows its last picture from then on. */
  readonly ended: (reason: string) => void;
}

/**
 * A picture that an RFB server sends: its display at this end. It asks for uncompressed rectangles, so it is for servers
 * that are near. Several viewers may look at it and type, each by an input of its own.
 */
export class RemoteDisplay implements Display {
  readonly #options: RemoteDisplayOptions;
  readonly #reader = new ByteReader();
  readonly #messages: ServerMessages;
  readonly #listeners = new Set<DisplayListener>();
  readonly #changed: Rect[] = [];
  #resized = false;
  #captures: { resolve: () => void; asked: boolean }[] = [];
  #requested = false;
  #ended = false;
  name = '';
  width = 0;
  height = 0;
  pixels = new Uint32Array(0);
  lights: KeyboardLights | null = null;
  /** What a position means is the server's business: it is sent as it is. */
  readonly absolutePointer = true;
  readonly mode = 'graphics';

  private constructor(options: RemoteDisplayOptions, ready: () => void) {
    this.#options = options;
    this.#messages = new ServerMessages({
      init: (width, height, name) => {
        this.name = name;
        this.#resize(width, height);
        this.#send(setPixelFormat());
        this.#send(setEncodings(ENCODINGS));
        ready();
      },
      rect: (head, data) => this.#rect(head, data),
      updated: () => this.#updated(),
    });
    const { stream } = options;
    stream.on('data', (bytes: Buffer) => this.#receive(bytes));
    stream.on('end', () => this.close('the server ended the connection'));
    stream.on('close', () => this.close('the connection is closed'));
    stream.on('error', error => this.close(`the connection broke: ${error.message}`));
  }

  /** Resolves when the server has said what it shows. Rejects when the connection ends before. */
  static open(options: RemoteDisplayOptions): Promise<RemoteDisplay> {
    return new Promise((resolve, reject) => {
      let opened = false;
      const display = new RemoteDisplay(
        {
          stream: options.stream,
          ended: reason => (opened ? options.ended(reason) : reject(new Error(reason))),
        },
        () => {
          opened = true;
          resolve(display);
        },
      );
    });
  }

  request(): void {
    if (this.#requested || this.#ended) return;
    this.#requested = true;
    this.#send(requestUpdate(this.width, this.height, true));
  }

  capture(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise(resolve => {
      this.#captures.push({ resolve, asked: false });
      this.#askCapture();
    });
  }

  on(listener: DisplayListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Input of one viewer. */
  input(): RemoteInput {
    return new RemoteInput(bytes => this.#send(bytes));
  }

  close(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.stream.destroy();
    for (const { resolve } of this.#captures.splice(0)) resolve();
    this.#options.ended(reason);
  }

  /** One whole picture on its way answers all who asked before it was asked for. */
  #askCapture(): void {
    if (this.#captures.some(({ asked }) => asked)) return;
    for (const waiting of this.#captures) waiting.asked = true;
    if (this.#captures.length > 0) this.#send(requestUpdate(this.width, this.height, false));
  }

  #receive(bytes: Buffer): void {
    if (this.#ended) return;
    try {
      this.#reader.push(bytes);
      this.#messages.read(this.#reader);
    } catch (error) {
      if (!(error instanceof RfbError)) throw error;
      this.close(`${error.code}: ${error.message}`);
    }
  }

  #send(bytes: Buffer): void {
    if (!this.#ended) this.#options.stream.write(bytes);
  }

  #resize(width: number, height: number): void {
    this.width = width;
    this.height = height;
    this.pixels = new Uint32Array(width * height);
    this.#resized = true;
  }

  #rect({ rect, encoding }: RectHead, data: Buffer): void {
    if (encoding === Encoding.desktopSize) this.#resize(rect.width, rect.height);
    else if (encoding === Encoding.ledState) this.#setLights(data.readUInt8(0));
    else if (encoding !== Encoding.extendedKeyEvent) this.#drawRect({ rect, encoding }, data);
  }

  #drawRect({ rect, encoding }: RectHead, data: Buffer): void {
    if (rect.x + rect.width > this.width || rect.y + rect.height > this.height)
      throw new RfbError('BadMessage', 'a rectangle outside of the picture');
    if (encoding === Encoding.raw) this.#draw(rect, data);
    else this.#move(rect, data.readUInt16BE(0), data.readUInt16BE(2));
    this.#changed.push(rect);
  }

  #draw({ x, y, width, height }: Rect, data: Buffer): void {
    const row = new Uint32Array(width);
    const rowBytes = new Uint8Array(row.buffer);
    for (let i = 0; i < height; i++) {
      rowBytes.set(data.subarray(i * width * 4, (i + 1) * width * 4));
      this.pixels.set(row, (y + i) * this.width + x);
    }
  }

  #move({ x, y, width, height }: Rect, fromX: number, fromY: number): void {
    if (fromX + width > this.width || fromY + height > this.height)
      throw new RfbError('BadMessage', 'a copy from outside of the picture');
    // The row that would be written over first is read first.
    for (let i = 0; i < height; i++) {
      const row = fromY < y ? height - 1 - i : i;
      const from = (fromY + row) * this.width + fromX;
      this.pixels.copyWithin((y + row) * this.width + x, from, from + width);
    }
  }

  #setLights(bits: number): void {
    const lights = { scroll: (bits & 1) !== 0, num: (bits & 2) !== 0, caps: (bits & 4) !== 0 };
    this.lights = lights;
    for (const listener of this.#listeners) listener.leds?.(lights);
  }

  #updated(): void {
    this.#requested = false;
    const changed = this.#changed.splice(0);
    const resized = this.#resized;
    this.#resized = false;
    for (const listener of this.#listeners) {
      if (resized) listener.resized();
      else if (changed.length > 0) listener.changed(changed);
    }
    // After a change of size the server sends the picture with the next update.
    if (!resized || changed.length > 0) {
      const waiting = this.#captures;
      this.#captures = waiting.filter(({ asked }) => !asked);
      for (const { asked, resolve } of waiting) if (asked) resolve();
    } else for (const capture of this.#captures) capture.asked = false;
    this.#askCapture();
  }
}
