import type { PointerEvent } from '../engine/index.js';
import type { Display, InputSink, KeyboardLights } from './display.js';
import { breakBytes, keyOf, makeBytes, Scancode } from './keymap.js';

export interface ViewerInputParts {
  readonly display: Pick<Display, 'width' | 'height' | 'lights'>;
  /** @returns false when there is no room for it */
  readonly press: (viewer: ViewerInput, code: number, bytes: readonly number[]) => boolean;
  readonly release: (viewer: ViewerInput, code: number, bytes: readonly number[]) => void;
  /** Bytes that no viewer holds. */
  readonly type: (bytes: readonly number[]) => boolean;
  readonly point: (event: PointerEvent) => void;
}

/** RFB's buttons. */
const RFB_MIDDLE = 2;
const RFB_RIGHT = 4;
const WHEEL_UP = 8;
const WHEEL_DOWN = 16;
const SHIFTS = [Scancode.leftShift, Scancode.rightShift];
const OTHER_MODIFIERS = [
  Scancode.leftControl,
  Scancode.rightControl,
  Scancode.leftAlt,
  Scancode.rightAlt,
  Scancode.leftSuper,
  Scancode.rightSuper,
];

/** Keyboard and pointer of one viewer: keysyms become keys of a US keyboard. */
export class ViewerInput implements InputSink {
  readonly #parts: ViewerInputParts;
  /** Keys that this viewer holds down. */
  readonly #held = new Set<number>();
  /** The lights under which Num Lock was pressed for a digit: the guest answers with others. */
  #switchedUnder: KeyboardLights | null = null;
  #x = -1;
  #y = -1;
  #buttons = 0;

  constructor(parts: ViewerInputParts) {
    this.#parts = parts;
  }

  key(keysym: number, down: boolean): void {
    const key = keyOf(keysym);
    if (key === undefined) return;
    if (down && key.digit === true) this.#switchNumLockOn();
    if (!down) this.#up(key.code);
    else if (key.shift === undefined || this.#holdsAny(OTHER_MODIFIERS)) this.#down(key.code);
    else this.#typeShifted(key.code, key.letter === true ? key.shift !== this.#capsLock : key.shift);
  }

  scancode(xtCode: number, down: boolean): void {
    if (!Number.isInteger(xtCode) || xtCode <= 0 || xtCode > 0xff || (xtCode & 0x7f) === 0) return;
    if (down) this.#down(xtCode);
    else this.#up(xtCode);
  }

  pointer(x: number, y: number, buttons: number): void {
    const { width, height } = this.#parts.display;
    const at = { x: clamp(x, width), y: clamp(y, height) };
    const known = this.#x >= 0;
    const pressed = buttons & ~this.#buttons;
    const wheel = ((pressed & WHEEL_DOWN) !== 0 ? 1 : 0) - ((pressed & WHEEL_UP) !== 0 ? 1 : 0);
    this.#parts.point({
      ...at,
      width,
      height,
      dx: known ? at.x - this.#x : 0,
      dy: known ? at.y - this.#y : 0,
      buttons: fromRfb(buttons),
      wheel,
    });
    this.#x = at.x;
    this.#y = at.y;
    this.#buttons = buttons;
  }

  motion(dx: number, dy: number, buttons: number): void {
    const { width, height } = this.#parts.display;
    const x = clamp(Math.max(0, this.#x) + dx, width);
    const y = clamp(Math.max(0, this.#y) + dy, height);
    const pressed = buttons & ~this.#buttons;
    const wheel = ((pressed & WHEEL_DOWN) !== 0 ? 1 : 0) - ((pressed & WHEEL_UP) !== 0 ? 1 : 0);
    this.#parts.point({ x, y, width, height, dx, dy, buttons: fromRfb(buttons), wheel });
    this.#x = x;
    this.#y = y;
    this.#buttons = buttons;
  }

  release(): void {
    for (const code of [...this.#held]) this.#up(code);
    if (this.#buttons !== 0) this.pointer(this.#x, this.#y, 0);
  }

  get #capsLock(): boolean {
    return this.#parts.display.lights?.caps ?? false;
  }

  /** A viewer's keypad sends digits only while its own Num Lock is on. */
  #switchNumLockOn(): void {
    const { lights } = this.#parts.display;
    if (lights === null || lights.num || lights === this.#switchedUnder) return;
    this.#switchedUnder = lights;
    this.#parts.type([...makeBytes(Scancode.numLock), ...breakBytes(Scancode.numLock)]);
  }

  #holdsAny(codes: readonly number[]): boolean {
    return codes.some(code => this.#held.has(code));
  }

  /** Presses a key with Shift as its character needs it, whatever the viewer holds at the moment. */
  #typeShifted(code: number, shift: boolean): void {
    const { press } = this.#parts;
    const shifts = SHIFTS.filter(one => this.#held.has(one));
    const before: number[] = [];
    const after: number[] = [];
    if (shift && shifts.length === 0) {
      before.push(...makeBytes(Scancode.leftShift));
      after.push(...breakBytes(Scancode.leftShift));
    } else if (!shift) {
      for (const one of shifts) {
        before.push(...breakBytes(one));
        after.push(...makeBytes(one));
      }
    }
    if (press(this, code, [...before, ...makeBytes(code), ...after])) this.#held.add(code);
  }

  #down(code: number): void {
    if (this.#parts.press(this, code, makeBytes(code))) this.#held.add(code);
  }

  #up(code: number): void {
    if (this.#held.delete(code)) this.#parts.release(this, code, breakBytes(code));
  }
}

function fromRfb(buttons: number): number {
  return (buttons & 1) | ((buttons & RFB_RIGHT) !== 0 ? 2 : 0) | ((buttons & RFB_MIDDLE) !== 0 ? 4 : 0);
}

function clamp(value: number, size: number): number {
  return Number.isFinite(value) ? Math.max(0, Math.min(size - 1, Math.trunc(value))) : 0;
}
