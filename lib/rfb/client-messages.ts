import type { ByteReader } from './byte-reader.js';
import { ClientMessage, QEMU_EXTENDED_KEY } from './client-message.js';
import type { Rect } from './display.js';
import { type PixelFormat, readPixelFormat } from './pixel-format.js';
import { RfbError } from './rfb-error.js';

/** Bounds of what a viewer may send in one message. */
export const CLIENT_LIMITS = { encodings: 1024, cutTextBytes: 65_536, screens: 16 } as const;

/** What a viewer asks for. Called in the order of its messages. */
export interface ClientMessageHandler {
  setPixelFormat(format: PixelFormat): void;
  setEncodings(encodings: readonly number[]): void;
  /** @param area as sent: it may lie outside of the picture */
  updateRequest(area: Rect, incremental: boolean): void;
  key(keysym: number, down: boolean): void;
  /** @param xtCode 1 to 255: set 1, 0x80 set for those behind E0h */
  extendedKey(xtCode: number, keysym: number, down: boolean): void;
  pointer(x: number, y: number, buttons: number): void;
  setDesktopSize(width: number, height: number): void;
}

/** Reads a viewer's messages (RFC 6143 7.5, QEMU's extended key event, SetDesktopSize). */
export class ClientMessages {
  readonly #handler: ClientMessageHandler;
  /** Bytes of clipboard text still to come. They are read over: a guest has nothing to take them. */
  #textBytes = 0;

  constructor(handler: ClientMessageHandler) {
    this.#handler = handler;
  }

  /**
   * Takes whole messages out of `input`; when it took all, less than 4.2 kB stay.
   * @param most how many messages at once
   * @returns false when there may be more of them
   * @throws RfbError what cannot be understood; the connection is of no use after it
   */
  read(input: ByteReader, most = Number.POSITIVE_INFINITY): boolean {
    for (let count = 0; input.length > 0; count++) {
      if (count >= most) return false;
      const text = Math.min(this.#textBytes, input.length);
      input.skip(text);
      this.#textBytes -= text;
      if (this.#textBytes > 0 || input.length === 0) return true;
      const size = messageSize(input);
      if (size === null || input.length < size) return true;
      if (input.u8(0) === ClientMessage.cutText) this.#textBytes = bounded(input.u32(4), 'cutTextBytes');
      else dispatch(input, this.#handler);
      input.skip(size);
    }
    return true;
  }
}

/** @returns null while too little of the message is there to tell */
function messageSize(input: ByteReader): number | null {
  switch (input.u8(0)) {
    case ClientMessage.setPixelFormat:
      return 20;
    case ClientMessage.setEncodings:
      return input.length < 4 ? null : 4 + 4 * bounded(input.u16(2), 'encodings');
    case ClientMessage.updateRequest:
      return 10;
    case ClientMessage.key:
      return 8;
    case ClientMessage.pointer:
      return 6;
    case ClientMessage.cutText:
      return 8;
    case ClientMessage.setDesktopSize:
      return input.length < 7 ? null : 8 + 16 * bounded(input.u8(6), 'screens');
    case ClientMessage.qemu:
      return input.length < 2 ? null : qemuSize(input.u8(1));
    default:
      throw new RfbError('UnknownMessage', `message type ${input.u8(0)}`);
  }
}

function qemuSize(kind: number): number {
  if (kind !== QEMU_EXTENDED_KEY) throw new RfbError('UnknownMessage', `QEMU message ${kind}`);
  return 12;
}

function bounded(count: number, limit: keyof typeof CLIENT_LIMITS): number {
  if (count <= CLIENT_LIMITS[limit]) return count;
  if (limit === 'cutTextBytes') throw new RfbError('TextTooLong', `clipboard text of ${count} bytes`);
  throw new RfbError('TooManyEncodings', `${count} ${limit}`);
}

function dispatch(input: ByteReader, handler: ClientMessageHandler): void {
  switch (input.u8(0)) {
    case ClientMessage.setPixelFormat:
      handler.setPixelFormat(readPixelFormat(input.peek(4, 16)));
      break;
    case ClientMessage.setEncodings:
      handler.setEncodings(Array.from({ length: input.u16(2) }, (_, i) => input.i32(4 + 4 * i)));
      break;
    case ClientMessage.updateRequest:
      handler.updateRequest(
        { x: input.u16(2), y: input.u16(4), width: input.u16(6), height: input.u16(8) },
        input.u8(1) !== 0,
      );
      break;
    case ClientMessage.key:
      handler.key(input.u32(4), input.u8(1) !== 0);
      break;
    case ClientMessage.pointer:
      handler.pointer(input.u16(2), input.u16(4), input.u8(1));
      break;
    case ClientMessage.setDesktopSize:
      handler.setDesktopSize(input.u16(2), input.u16(4));
      break;
    case ClientMessage.qemu:
      extendedKey(input, handler);
      break;
  }
}

function extendedKey(input: ByteReader, handler: ClientMessageHandler): void {
  const xtCode = input.u32(8);
  const [keysym, down] = [input.u32(4), input.u16(2) !== 0];
  // A viewer without a scancode for the key sends 0 and means the keysym; larger ones are no keys of a PC.
  if (xtCode === 0 || xtCode > 255) handler.key(keysym, down);
  else handler.extendedKey(xtCode, keysym, down);
}
