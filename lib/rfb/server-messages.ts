import type { ByteWriter } from './byte-writer.js';
import type { KeyboardLights, Rect } from './display.js';
import { Encoding } from './encodings.js';
import { BGR233, type PixelFormat, RGB888, writePixelFormat } from './pixel-format.js';
import type { RowMove } from './scroll.js';

const Message = { update: 0, setColourMap: 1 } as const;
const MAP_COLOURS = 256;
const MAX_NAME_BYTES = 1024;

/** RFC 6143 7.3.2; the pixel format is the picture's own. */
export function serverInit(width: number, height: number, name: string): Buffer {
  const text = Buffer.from(name, 'utf8').subarray(0, MAX_NAME_BYTES);
  const head = Buffer.alloc(4);
  head.writeUInt16BE(width, 0);
  head.writeUInt16BE(height, 2);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([head, writePixelFormat(RGB888), length, text]);
}

export function putUpdateHead(out: ByteWriter, rects: number): void {
  out.u8(Message.update);
  out.u8(0);
  out.u16(rects);
}

export function putRectHead(out: ByteWriter, rect: Rect, encoding: number): void {
  for (const value of [rect.x, rect.y, rect.width, rect.height]) out.u16(value);
  out.i32(encoding);
}

export function putMove(out: ByteWriter, { to, fromY }: RowMove): void {
  putRectHead(out, to, Encoding.copyRect);
  out.u16(to.x);
  out.u16(fromY);
}

/** Gives a viewer that asked for a colour map the colours of BGR233. */
export function putColourMap(out: ByteWriter): void {
  out.u8(Message.setColourMap);
  out.u8(0);
  out.u16(0);
  out.u16(MAP_COLOURS);
  for (let colour = 0; colour < MAP_COLOURS; colour++)
    for (let i = 0; i < 3; i++) out.u16(mapLevel(BGR233, colour, i));
}

function mapLevel({ max, shift }: PixelFormat, colour: number, i: number): number {
  const largest = max[i] ?? 1;
  return Math.round((((colour >>> (shift[i] ?? 0)) & largest) * 0xffff) / largest);
}

/** A pseudo-rectangle: says something that is no picture. */
export interface PseudoRect {
  readonly rect: Rect;
  readonly encoding: number;
  readonly data: Buffer;
}

export function putPseudoRect(out: ByteWriter, { rect, encoding, data }: PseudoRect): void {
  putRectHead(out, rect, encoding);
  out.append(data);
}

export function extendedKeysWork(): PseudoRect {
  return { rect: NOWHERE, encoding: Encoding.extendedKeyEvent, data: NOTHING };
}

export function pointerMode(absolute: boolean, width: number, height: number): PseudoRect {
  const rect = { x: Number(absolute), y: 0, width, height };
  return { rect, encoding: Encoding.pointerMotionChange, data: NOTHING };
}

/** @param encoding QEMU's or VMware's: the bits are the same, their number is not */
export function keyboardLights(lights: KeyboardLights, encoding: number): PseudoRect {
  const bits = Number(lights.scroll) | (Number(lights.num) << 1) | (Number(lights.caps) << 2);
  const data = Buffer.alloc(encoding === Encoding.vmwareLedState ? 4 : 1);
  data.writeUInt8(bits, data.length - 1);
  return { rect: NOWHERE, encoding, data };
}

export function desktopSize(width: number, height: number): PseudoRect {
  return { rect: { x: 0, y: 0, width, height }, encoding: Encoding.desktopSize, data: NOTHING };
}

/** Why an ExtendedDesktopSize rectangle is sent. */
export type SizeReason = 'server' | 'prohibited';

/** One screen as large as the picture. */
export function extendedDesktopSize(width: number, height: number, reason: SizeReason): PseudoRect {
  const data = Buffer.alloc(20);
  data.writeUInt8(1, 0);
  data.writeUInt16BE(width, 12);
  data.writeUInt16BE(height, 14);
  // x: 0 the server's own doing, 1 this viewer's request; y: 0 done, 1 prohibited.
  const answer = Number(reason === 'prohibited');
  return { rect: { x: answer, y: answer, width, height }, encoding: Encoding.extendedDesktopSize, data };
}

const NOWHERE: Rect = { x: 0, y: 0, width: 0, height: 0 };
const NOTHING = Buffer.alloc(0);
