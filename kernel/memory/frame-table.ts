/** A machine page number: a frame of this host. */
export type Mpn = number & { readonly mpn: unique symbol };
/** A physical page number of one guest. */
export type Ppn = number & { readonly ppn: unique symbol };

const FREE = -1;

/**
 * Who owns each frame of the machine: a VM (by its row) and a page of it. Frames are charged before use: `take` never
 * fails for an owner whose reservation covers it, because admission set them aside.
 */
export class FrameTable {
  readonly #owner: Int32Array;
  readonly #ppn: Int32Array;
  /** Frames given back, on top of those never used. */
  #returned: Int32Array;
  #returnedCount = 0;
  #fresh = 0;

  constructor(readonly totalFrames: number) {
    this.#owner = new Int32Array(totalFrames);
    this.#ppn = new Int32Array(totalFrames);
    this.#returned = new Int32Array(1024);
  }

  get freeFrames(): number {
    return this.totalFrames - this.#fresh + this.#returnedCount;
  }

  /** @returns the frame, or null when there is none */
  take(ownerRow: number, ppn: Ppn): Mpn | null {
    let mpn: number;
    if (this.#returnedCount > 0) mpn = this.#returned[--this.#returnedCount] ?? FREE;
    else if (this.#fresh < this.totalFrames) mpn = this.#fresh++;
    else return null;
    this.#owner[mpn] = ownerRow + 1;
    this.#ppn[mpn] = ppn;
    return mpn as Mpn;
  }

  give(mpn: Mpn): void {
    if (this.ownerOf(mpn) === null) throw new RangeError(`frame ${mpn} is free already`);
    this.#owner[mpn] = 0;
    if (this.#returnedCount === this.#returned.length) {
      const grown = new Int32Array(this.#returned.length * 2);
      grown.set(this.#returned);
      this.#returned = grown;
    }
    this.#returned[this.#returnedCount++] = mpn;
  }

  /** The row of the VM that owns a frame, or null. */
  ownerOf(mpn: Mpn): number | null {
    const owner = this.#owner[mpn] ?? 0;
    return owner === 0 ? null : owner - 1;
  }

  ppnOf(mpn: Mpn): Ppn {
    return (this.#ppn[mpn] ?? 0) as Ppn;
  }
}

/** Where each page of a VM is: a frame, or a hole. */
export class PageMap {
  readonly #mpn: Int32Array;
  #present = 0;

  constructor(readonly sizePages: number) {
    this.#mpn = new Int32Array(sizePages);
  }

  get presentPages(): number {
    return this.#present;
  }

  isHole(ppn: Ppn): boolean {
    return (this.#mpn[ppn] ?? 0) === 0;
  }

  place(ppn: Ppn, mpn: Mpn): void {
    if (!this.isHole(ppn)) throw new RangeError(`page ${ppn} has a frame already`);
    this.#mpn[ppn] = mpn + 1;
    this.#present++;
  }

  /** Makes every page a hole and hands each frame to `give`. */
  empty(give: (mpn: Mpn) => void): void {
    for (let ppn = 0; ppn < this.sizePages; ppn++) {
      const entry = this.#mpn[ppn] ?? 0;
      if (entry !== 0) give((entry - 1) as Mpn);
    }
    this.#mpn.fill(0);
    this.#present = 0;
  }
}
