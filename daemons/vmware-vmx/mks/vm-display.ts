import { VmkernelError } from '../../../kernel/abi/index.js';
import { type FromVmm, PictureWord, type ToVmm, VmmActivity } from '../vmm-messages.js';
import type { Display, DisplayListener, KeyboardLights, Rect } from './display.js';

export interface VmDisplayOptions {
  /** See PictureWord. */
  readonly words: SharedArrayBuffer;
  /** Wakes the VMM thread. */
  readonly kick: () => void;
  /** Sends and wakes. */
  readonly tell: (message: ToVmm) => void;
}

/** So many wait for a picture at a time; the VMM thread answers between slices. */
const MAX_CAPTURES = 64;
const NOTHING = { width: 1, height: 1, mode: 'text', pixels: new Uint32Array(1) } as const;

/** The picture at the VMX thread's end. Before the first capture, and when no listener is left, it is one black pixel. */
export class VmDisplay implements Display {
  readonly #options: VmDisplayOptions;
  readonly #words: Int32Array;
  readonly #listeners = new Set<DisplayListener>();
  readonly #captures = new Map<number, () => void>();
  #nextId = 1;
  #picture: Pick<Display, 'width' | 'height' | 'mode' | 'pixels'> = NOTHING;
  #lights: KeyboardLights | null = null;
  #absolutePointer = false;

  constructor(options: VmDisplayOptions) {
    this.#options = options;
    this.#words = new Int32Array(options.words);
  }

  get width(): number {
    return this.#picture.width;
  }

  get height(): number {
    return this.#picture.height;
  }

  get mode(): 'text' | 'graphics' {
    return this.#picture.mode;
  }

  get pixels(): Uint32Array {
    return this.#picture.pixels;
  }

  get lights(): KeyboardLights | null {
    return this.#lights;
  }

  get absolutePointer(): boolean {
    return this.#absolutePointer;
  }

  request(): void {
    if (Atomics.exchange(this.#words, PictureWord.wanted, 1) === 1) return;
    if (Atomics.load(this.#words, PictureWord.activity) === VmmActivity.asleep) this.#options.kick();
  }

  /** Resolves when `pixels` is no older than this call. @throws VmkernelError Busy */
  capture(): Promise<void> {
    if (this.#captures.size >= MAX_CAPTURES)
      return Promise.reject(new VmkernelError('Busy', 'The VMM thread does not answer'));
    const id = this.#nextId++;
    return new Promise(resolve => {
      this.#captures.set(id, resolve);
      this.#options.tell({ type: 'readPicture', id });
    });
  }

  on(listener: DisplayListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      this.#forgetUnseen();
    };
  }

  /** A message of the VMM thread. @returns whether it was for the display */
  heard(message: FromVmm): boolean {
    switch (message.type) {
      case 'pictureResized': {
        const { width, height, mode, buffer } = message;
        this.#picture = { width, height, mode, pixels: new Uint32Array(buffer) };
        for (const listener of this.#listeners) listener.resized();
        return true;
      }
      case 'pictureChanged': {
        const rects: readonly Rect[] = message.areas;
        for (const listener of this.#listeners) listener.changed(rects);
        return true;
      }
      case 'pictureRead':
        this.#captures.get(message.id)?.();
        this.#captures.delete(message.id);
        // Whoever asked looks at the picture first.
        setImmediate(() => this.#forgetUnseen());
        return true;
      case 'lights':
        this.#setLights(message.bits);
        return true;
      case 'pointerMode':
        this.#absolutePointer = message.absolute;
        for (const listener of this.#listeners) listener.pointerMode?.(message.absolute);
        return true;
      default:
        return false;
    }
  }

  #setLights(bits: number): void {
    const lights = { scroll: (bits & 1) !== 0, num: (bits & 2) !== 0, caps: (bits & 4) !== 0 };
    this.#lights = lights;
    for (const listener of this.#listeners) listener.leds?.(lights);
  }

  #forgetUnseen(): void {
    if (this.#listeners.size > 0 || this.#captures.size > 0 || this.#picture === NOTHING) return;
    this.#picture = NOTHING;
    Atomics.store(this.#words, PictureWord.wanted, 0);
    this.#options.tell({ type: 'forgetPicture' });
  }
}
