import type { ByteReader } from '../byte-reader.js';
import type { Rect } from '../display.js';
import { Encoding } from '../encodings.js';
import { PIXEL_FORMAT_BYTES } from '../pixel-format.js';
import { RfbError } from '../rfb-error.js';

const Message = { update: 0, setColourMap: 1, bell: 2, cutText: 3 } as const;
const INIT_BYTES = 4 + PIXEL_FORMAT_BYTES + 4;
const RECT_BYTES = 12;
const BYTES_PER_PIXEL = 4;
const MAX_PIXELS = 2 ** 24;
const MAX_TEXT_BYTES = 2 ** 20;

export interface RectHead {
  readonly rect: Rect;
  readonly encoding: number;
}

export interface ServerMessageHandler {
  init(width: number, height: number, name: string): void;
  /** @param data of the encoding; valid during the call */
  rect(head: RectHead, data: Buffer): void;
  /** The end of an update. */
  updated(): void;
}

/**
 * Reads what a server sends from ServerInit on, for a client that asked for 32-bit pixels and Raw, CopyRect, DesktopSize,
 * extended keys and lights.
 * @throws RfbError BadMessage
 */
export class ServerMessages {
  readonly #handler: ServerMessageHandler;
  #begun = false;
  #rectsLeft = 0;

  constructor(handler: ServerMessageHandler) {
    this.#handler = handler;
  }

  read(bytes: ByteReader): void {
    while (this.#next(bytes)) if (bytes.length === 0) return;
  }

  /** @returns false when more bytes are needed */
  #next(bytes: ByteReader): boolean {
    if (!this.#begun) return this.#init(bytes);
    if (this.#rectsLeft > 0) return this.#rect(bytes);
    if (bytes.length === 0) return false;
    const message = bytes.u8(0);
    if (message === Message.update) return this.#update(bytes);
    if (message === Message.bell) return drop(bytes, 1);
    if (message === Message.cutText)
      return bytes.length >= 8 && drop(bytes, 8 + bounded(bytes.u32(4), MAX_TEXT_BYTES));
    if (message === Message.setColourMap) return bytes.length >= 6 && drop(bytes, 6 + 6 * bytes.u16(4));
    throw new RfbError('BadMessage', `message ${message} from the server`);
  }

  #init(bytes: ByteReader): boolean {
    if (bytes.length < INIT_BYTES) return false;
    const nameBytes = bounded(bytes.u32(INIT_BYTES - 4), MAX_TEXT_BYTES);
    if (bytes.length < INIT_BYTES + nameBytes) return false;
    const [width, height] = [bytes.u16(0), bytes.u16(2)];
    bounded(width * height, MAX_PIXELS);
    bytes.skip(INIT_BYTES);
    this.#begun = true;
    this.#handler.init(width, height, bytes.take(nameBytes).toString('utf8'));
    return true;
  }

  #update(bytes: ByteReader): boolean {
    if (bytes.length < 4) return false;
    this.#rectsLeft = bytes.u16(2);
    bytes.skip(4);
    if (this.#rectsLeft === 0) this.#handler.updated();
    return true;
  }

  #rect(bytes: ByteReader): boolean {
    if (bytes.length < RECT_BYTES) return false;
    const rect = { x: bytes.u16(0), y: bytes.u16(2), width: bytes.u16(4), height: bytes.u16(6) };
    const encoding = bytes.i32(8);
    const dataBytes = dataOf(rect, encoding);
    if (bytes.length < RECT_BYTES + dataBytes) return false;
    bytes.skip(RECT_BYTES);
    this.#rectsLeft--;
    this.#handler.rect({ rect, encoding }, bytes.take(dataBytes));
    if (this.#rectsLeft === 0) this.#handler.updated();
    return true;
  }
}

function dataOf({ width, height }: Rect, encoding: number): number {
  bounded(width * height, MAX_PIXELS);
  switch (encoding) {
    case Encoding.raw:
      return width * height * BYTES_PER_PIXEL;
    case Encoding.copyRect:
      return 4;
    case Encoding.ledState:
      return 1;
    case Encoding.desktopSize:
    case Encoding.extendedKeyEvent:
      return 0;
    default:
      throw new RfbError('BadMessage', `encoding ${encoding}, which was not asked for`);
  }
}

function drop(bytes: ByteReader, count: number): boolean {
  if (bytes.length < count) return false;
  bytes.skip(count);
  return true;
}

function bounded(value: number, most: number): number {
  if (value > most) throw new RfbError('BadMessage', `${value} where ${most} is the most`);
  return value;
}
