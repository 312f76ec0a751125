import type { Screen } from './devices/vga/index.js';
import { type FromVmm, PictureWord, VmmActivity } from './vmm-messages.js';

/** A viewer gets no more than one picture in this time. */
const FRAME_US = 33_000;
/** How often a running guest is looked at while a viewer waits. */
const LOOK_US = 5_000;

export interface VmmPictureParts {
  readonly screen: Pick<Screen, 'width' | 'height' | 'mode' | 'pixels' | 'capture' | 'forget'>;
  /** Shared with the VMX thread: see PictureWord. */
  readonly words: SharedArrayBuffer;
  readonly send: (message: FromVmm) => void;
  readonly nowUs: () => number;
}

/**
 * The guest's picture at the VMM thread's end: captured only when a viewer waits for it, between slices, and before the
 * thread sleeps.
 *
 * The VMX thread sets `wanted`, then looks at `activity`: it kicks only a thread that sleeps with changes not looked at.
 * The VMM thread says that it will sleep, then looks at `wanted`. So one of the two sees the other.
 */
export class VmmPicture {
  readonly #parts: VmmPictureParts;
  readonly #words: Int32Array;
  #deliveredUs = Number.NEGATIVE_INFINITY;
  #lookedUs = Number.NEGATIVE_INFINITY;

  constructor(parts: VmmPictureParts) {
    this.#parts = parts;
    this.#words = new Int32Array(parts.words);
  }

  /** Before a slice. */
  running(): void {
    if (Atomics.load(this.#words, PictureWord.activity) !== VmmActivity.running)
      Atomics.store(this.#words, PictureWord.activity, VmmActivity.running);
  }

  /** After a slice of a guest that goes on. */
  afterSlice(): void {
    if (Atomics.load(this.#words, PictureWord.wanted) === 0) return;
    const now = this.#parts.nowUs();
    if (now - this.#deliveredUs >= FRAME_US && now - this.#lookedUs >= LOOK_US) this.#deliver(now);
  }

  /** Before the thread sleeps. @returns until when it may, in nowUs' time: a viewer waits for what was drawn */
  beforeSleep(): number {
    Atomics.store(this.#words, PictureWord.activity, VmmActivity.asleep);
    if (Atomics.load(this.#words, PictureWord.wanted) === 0) return Number.POSITIVE_INFINITY;
    const now = this.#parts.nowUs();
    if (now - this.#deliveredUs < FRAME_US) return this.#deliveredUs + FRAME_US;
    this.#deliver(now);
    Atomics.store(this.#words, PictureWord.activity, VmmActivity.asleepSeen);
    return Number.POSITIVE_INFINITY;
  }

  /** Somebody wants the picture of this moment, viewer or not. */
  read(id: number): void {
    this.#deliver(this.#parts.nowUs());
    this.#parts.send({ type: 'pictureRead', id });
  }

  forget(): void {
    this.#parts.screen.forget();
  }

  #deliver(now: number): void {
    const { screen, send } = this.#parts;
    this.#lookedUs = now;
    const change = screen.capture();
    if (change.kind === 'same') return;
    this.#deliveredUs = now;
    Atomics.store(this.#words, PictureWord.wanted, 0);
    if (change.kind === 'changed') send({ type: 'pictureChanged', areas: change.areas });
    else {
      const { width, height, mode, pixels } = screen;
      send({ type: 'pictureResized', width, height, mode, buffer: pixels.buffer });
    }
  }
}
