const LF = 10;
const CR = 13;

/** Cuts a byte stream into lines that end with LF or CR LF. It holds at most one unfinished line, none after one too long. */
export class LineReader {
  readonly #maxBytes: number;
  #held: Uint8Array = new Uint8Array(0);
  #tooLong = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of a line that has not ended. */
  get heldBytes(): number {
    return this.#held.length;
  }

  /** @returns whole lines without their ends; `tooLong` when one is longer than allowed: what follows is lost */
  push(chunk: Uint8Array): { readonly lines: readonly string[]; readonly tooLong: boolean } {
    const lines: string[] = [];
    if (this.#tooLong) return { lines, tooLong: true };
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF)) {
      if (end > this.#maxBytes) return this.#refuse(lines);
      lines.push(Buffer.from(bytes.subarray(0, bytes[end - 1] === CR ? end - 1 : end)).toString('utf8'));
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > this.#maxBytes) return this.#refuse(lines);
    this.#held = Uint8Array.from(bytes);
    return { lines, tooLong: false };
  }

  #refuse(lines: readonly string[]): { readonly lines: readonly string[]; readonly tooLong: boolean } {
    this.#tooLong = true;
    this.#held = new Uint8Array(0);
    return { lines, tooLong: true };
  }
}
