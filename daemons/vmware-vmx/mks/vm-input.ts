import type { PointerEvent } from '../engine/index.js';
import type { FromVmm, ToVmm } from '../vmm-messages.js';
import type { Display, InputSink } from './display.js';
import { ViewerInput } from './viewer-input.js';

/** Scancodes that wait for a guest that reads slowly: some 2,000 keys. What comes when it is full is lost. */
const QUEUE_BYTES = 16 * 1024;
/** Room that only releases use, so that no key stays down because the queue was full. */
const RELEASE_BYTES = 256;
/** What is on its way to the VMM thread at a time. */
const WINDOW_BYTES = 256;
const QUEUED_MOVES = 32;

/** Keyboard and pointer of the VM, shared by all its viewers. */
export class VmInput {
  readonly #display: Display;
  readonly #tell: (message: ToVmm) => void;
  #queue: number[] = [];
  #onTheWay = 0;
  #moves: PointerEvent[] = [];
  #movesOnTheWay = false;
  /** Who holds a key down; it is released when nobody does. */
  readonly #holders = new Map<number, Set<ViewerInput>>();

  /** @param tell sends and wakes the VMM thread */
  constructor(display: Display, tell: (message: ToVmm) => void) {
    this.#display = display;
    this.#tell = tell;
  }

  /** Input of one viewer more. */
  attach(): InputSink {
    return new ViewerInput({
      display: this.#display,
      press: (viewer, code, bytes) => this.#press(viewer, code, bytes),
      release: (viewer, code, bytes) => this.#release(viewer, code, bytes),
      type: bytes => this.#type(bytes, QUEUE_BYTES - RELEASE_BYTES),
      point: event => this.#point(event),
    });
  }

  /** A message of the VMM thread. @returns whether it was for the input */
  heard(message: FromVmm): boolean {
    if (message.type === 'keysTaken') {
      this.#onTheWay -= message.count;
      this.#sendKeys();
      return true;
    }
    if (message.type === 'pointerTaken') {
      this.#movesOnTheWay = false;
      this.#sendMoves();
      return true;
    }
    return false;
  }

  #press(viewer: ViewerInput, code: number, bytes: readonly number[]): boolean {
    if (!this.#type(bytes, QUEUE_BYTES - RELEASE_BYTES)) return false;
    const holders = this.#holders.get(code) ?? new Set();
    this.#holders.set(code, holders.add(viewer));
    return true;
  }

  #release(viewer: ViewerInput, code: number, bytes: readonly number[]): void {
    const holders = this.#holders.get(code);
    if (holders === undefined || !holders.delete(viewer) || holders.size > 0) return;
    this.#holders.delete(code);
    this.#type(bytes, QUEUE_BYTES);
  }

  #type(bytes: readonly number[], limit: number): boolean {
    if (this.#queue.length + this.#onTheWay + bytes.length > limit) return false;
    this.#queue.push(...bytes);
    this.#sendKeys();
    return true;
  }

  #sendKeys(): void {
    const count = Math.min(this.#queue.length, WINDOW_BYTES - this.#onTheWay);
    if (count <= 0) return;
    this.#onTheWay += count;
    this.#tell({ type: 'keys', bytes: Uint8Array.from(this.#queue.splice(0, count)) });
  }

  #point(event: PointerEvent): void {
    const last = this.#moves.at(-1);
    if (last !== undefined && (last.buttons === event.buttons || this.#moves.length === QUEUED_MOVES)) {
      const { dx, dy, wheel } = last;
      this.#moves[this.#moves.length - 1] = {
        ...event,
        dx: dx + event.dx,
        dy: dy + event.dy,
        wheel: wheel + event.wheel,
      };
    } else this.#moves.push(event);
    this.#sendMoves();
  }

  #sendMoves(): void {
    if (this.#movesOnTheWay || this.#moves.length === 0) return;
    this.#movesOnTheWay = true;
    this.#tell({ type: 'pointer', events: this.#moves.splice(0) });
  }
}
