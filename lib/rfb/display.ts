/** Pixels of the picture; 0 ≤ x, x + width ≤ the picture's width, and so for y. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A picture that somebody else draws, as a server of viewers sees it. */
export interface Display {
  readonly width: number;
  readonly height: number;
  /** 0x00RRGGBB, row by row, `width` per row. Replaced at a change of size. */
  readonly pixels: Uint32Array;
  readonly mode: 'text' | 'graphics';
  /** Keyboard lights as the guest last set them; null while that is not known. */
  readonly lights: KeyboardLights | null;
  /** Whether pointer positions reach the guest as they are, or only as motion. */
  readonly absolutePointer: boolean;
  /**
   * Asks for one capture: `changed` or `resized` follows as soon as the picture differs from the last capture. At most
   * one is outstanding; an idle guest costs nothing.
   */
  request(): void;
  /** Resolves when `pixels` is no older than this call, whether or not anything changed. */
  capture(): Promise<void>;
  /** @returns what ends it */
  on(listener: DisplayListener): () => void;
}

export interface DisplayListener {
  /** @param rects disjoint, inside the picture, a few dozen at most */
  changed(rects: readonly Rect[]): void;
  /** Width, height and pixels are others: everything is dirty. */
  resized(): void;
  leds?(state: KeyboardLights): void;
  pointerMode?(absolute: boolean): void;
}

export interface KeyboardLights {
  readonly scroll: boolean;
  readonly num: boolean;
  readonly caps: boolean;
}

/** Input of one viewer, towards the guest. */
export interface InputSink {
  /** @param keysym X11 keysym, as in RFB's KeyEvent */
  key(keysym: number, down: boolean): void;
  /** @param xtCode scancode of set 1, 0x80 set for those behind E0h: QEMU's extended key event */
  scancode(xtCode: number, down: boolean): void;
  /**
   * Absolute when the guest's driver asked for it (the backdoor's mouse), else turned into relative motion.
   * @param x 0 ≤ x < width of the picture
   * @param buttons RFB's mask: 1 left, 2 middle, 4 right, 8 and 16 the wheel up and down
   */
  pointer(x: number, y: number, buttons: number): void;
  /**
   * Relative motion, from viewers that hold the pointer themselves while the guest takes no positions. Without it they
   * send positions always.
   */
  motion?(dx: number, dy: number, buttons: number): void;
  /** Releases what this viewer holds down: it left. */
  release(): void;
}
