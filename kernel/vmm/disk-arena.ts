const BLOCK_BYTES = 4096;

/** Who holds which bytes of one arena of a disk ring. First fit in 4 KiB blocks; allocating makes no garbage. */
export class DiskArena {
  readonly #used: Uint8Array;

  constructor(sizeBytes: number) {
    this.#used = new Uint8Array(Math.floor(sizeBytes / BLOCK_BYTES));
  }

  get sizeBytes(): number {
    return this.#used.length * BLOCK_BYTES;
  }

  /** @returns offset in bytes, or -1 when there is no run of free blocks that long */
  take(lengthBytes: number): number {
    const wanted = Math.ceil(lengthBytes / BLOCK_BYTES);
    let free = 0;
    for (let block = 0; block < this.#used.length; block++) {
      free = this.#used[block] === 0 ? free + 1 : 0;
      if (free < wanted) continue;
      const first = block - wanted + 1;
      this.#used.fill(1, first, block + 1);
      return first * BLOCK_BYTES;
    }
    return -1;
  }

  give(offsetBytes: number, lengthBytes: number): void {
    const first = offsetBytes / BLOCK_BYTES;
    this.#used.fill(0, first, first + Math.ceil(lengthBytes / BLOCK_BYTES));
  }
}
