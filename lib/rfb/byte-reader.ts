/**
 * Bytes of a stream that were received and not yet understood. Holds what one call of `push` brought plus less than one
 * message: whoever decodes takes whole messages until the rest is an incomplete one, which the decoder's limits bound.
 */
export class ByteReader {
  #bytes: Buffer = Buffer.alloc(0);
  #offset = 0;

  push(bytes: Uint8Array): void {
    const rest = this.#bytes.subarray(this.#offset);
    this.#offset = 0;
    const arrived = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#bytes = rest.length === 0 ? arrived : Buffer.concat([rest, arrived]);
  }

  get length(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(at: number): number {
    return this.#bytes.readUInt8(this.#offset + at);
  }

  u16(at: number): number {
    return this.#bytes.readUInt16BE(this.#offset + at);
  }

  u32(at: number): number {
    return this.#bytes.readUInt32BE(this.#offset + at);
  }

  i32(at: number): number {
    return this.#bytes.readInt32BE(this.#offset + at);
  }

  /** @returns a view of the next bytes, valid until the next `push` */
  take(count: number): Buffer {
    const taken = this.#bytes.subarray(this.#offset, this.#offset + count);
    this.#offset += count;
    return taken;
  }

  /** @returns a view of bytes that stay, valid until the next `push` */
  peek(at: number, count: number): Buffer {
    return this.#bytes.subarray(this.#offset + at, this.#offset + at + count);
  }

  skip(count: number): void {
    this.#offset += count;
  }
}
