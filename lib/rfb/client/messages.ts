import { ClientMessage, QEMU_EXTENDED_KEY } from '../client-message.js';
import { RGB888, writePixelFormat } from '../pixel-format.js';

/** The picture's own form. */
export function setPixelFormat(): Buffer {
  return Buffer.concat([Buffer.from([ClientMessage.setPixelFormat, 0, 0, 0]), writePixelFormat(RGB888)]);
}

export function setEncodings(encodings: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + 4 * encodings.length);
  bytes.writeUInt8(ClientMessage.setEncodings, 0);
  bytes.writeUInt16BE(encodings.length, 2);
  for (const [i, encoding] of encodings.entries()) bytes.writeInt32BE(encoding, 4 + 4 * i);
  return bytes;
}

/** Of the whole picture. */
export function requestUpdate(width: number, height: number, incremental: boolean): Buffer {
  const bytes = Buffer.alloc(10);
  bytes.writeUInt8(ClientMessage.updateRequest, 0);
  bytes.writeUInt8(Number(incremental), 1);
  bytes.writeUInt16BE(width, 6);
  bytes.writeUInt16BE(height, 8);
  return bytes;
}

export function keyEvent(keysym: number, down: boolean): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt8(ClientMessage.key, 0);
  bytes.writeUInt8(Number(down), 1);
  bytes.writeUInt32BE(keysym >>> 0, 4);
  return bytes;
}

export function scancodeEvent(xtCode: number, down: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt8(ClientMessage.qemu, 0);
  bytes.writeUInt8(QEMU_EXTENDED_KEY, 1);
  bytes.writeUInt16BE(Number(down), 2);
  bytes.writeUInt32BE(xtCode >>> 0, 8);
  return bytes;
}

export function pointerEvent(x: number, y: number, buttons: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt8(ClientMessage.pointer, 0);
  bytes.writeUInt8(buttons & 0xff, 1);
  bytes.writeUInt16BE(x, 2);
  bytes.writeUInt16BE(y, 4);
  return bytes;
}
