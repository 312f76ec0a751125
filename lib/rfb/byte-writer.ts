const FIRST_BYTES = 4096;

/** Bytes on their way out, in one growing buffer that is used again after `clear`. Numbers are big endian. */
export class ByteWriter {
  #bytes: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  length = 0;

  /** The buffer itself, with room for `count` bytes at `length`: for loops that write many; they set `length`. */
  room(count: number): Buffer {
    const needed = this.length + count;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.length);
      this.#bytes = larger;
    }
    return this.#bytes;
  }

  u8(value: number): void {
    this.room(1)[this.length++] = value;
  }

  u16(value: number): void {
    this.length = this.room(2).writeUInt16BE(value, this.length);
  }

  u32(value: number): void {
    this.length = this.room(4).writeUInt32BE(value, this.length);
  }

  i32(value: number): void {
    this.length = this.room(4).writeInt32BE(value, this.length);
  }

  append(bytes: Uint8Array): void {
    this.room(bytes.length).set(bytes, this.length);
    this.length += bytes.length;
  }

  /** @returns a view of what was written, valid until the next write after `clear` */
  view(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }
}
