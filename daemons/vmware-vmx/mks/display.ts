/** Pixels of the picture; 0 ≤ x, x + width ≤ the picture's width, and so for y. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The VM's picture as the VMX thread sees it. Written by the VMM thread, between slices, into shared memory. */
export interface Display {
  readonly width: number;
  readonly height: number;
  /** 0x00RRGGBB, row by row, `width` per row. Replaced at a change of size. */
  readonly pixels: Uint32Array;
  readonly mode: 'text' | 'graphics';
  /**
   * Asks for one capture: `changed` or `resized` follows as soon as the picture differs from the last capture. At most
   * one is outstanding; an idle guest costs nothing.
   */
  request(): void;
  /** @returns what ends it */
  on(listener: DisplayListener): () => void;
}

export interface DisplayListener {
  /** @param rects disjoint, inside the picture, a few dozen at most */
  changed(rects: readonly Rect[]): void;
  /** Width, height and pixels are others: everything is dirty. */
  resized(): void;
  /** Keyboard lights as the guest sets them. */
  leds?(state: KeyboardLights): void;
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
  /** Releases what this viewer holds down: it left. */
  release(): void;
}
