import type { InputSink } from '../display.js';
import { keyEvent, pointerEvent, scancodeEvent } from './messages.js';

/** One viewer's input, sent on to a server. */
export class RemoteInput implements InputSink {
  readonly #send: (bytes: Buffer) => void;
  readonly #keysyms = new Set<number>();
  readonly #scancodes = new Set<number>();
  #pointer = { x: 0, y: 0, buttons: 0 };

  constructor(send: (bytes: Buffer) => void) {
    this.#send = send;
  }

  key(keysym: number, down: boolean): void {
    hold(this.#keysyms, keysym, down);
    this.#send(keyEvent(keysym, down));
  }

  scancode(xtCode: number, down: boolean): void {
    hold(this.#scancodes, xtCode, down);
    this.#send(scancodeEvent(xtCode, down));
  }

  pointer(x: number, y: number, buttons: number): void {
    this.#pointer = { x, y, buttons };
    this.#send(pointerEvent(x, y, buttons));
  }

  release(): void {
    for (const keysym of this.#keysyms) this.#send(keyEvent(keysym, false));
    for (const xtCode of this.#scancodes) this.#send(scancodeEvent(xtCode, false));
    this.#keysyms.clear();
    this.#scancodes.clear();
    const { x, y, buttons } = this.#pointer;
    if (buttons !== 0) this.pointer(x, y, 0);
  }
}

/** More than a keyboard has are not kept. */
const MAX_HELD = 256;

function hold(held: Set<number>, key: number, down: boolean): void {
  if (!down) held.delete(key);
  else if (held.size < MAX_HELD) held.add(key);
}
