/**
 * The framing of every control connection (tools and daemons to the VMkernel, the VMkernel to a vmx, the front door
 * to init): u32 LE length of a JSON header, u32 LE length of a body, header, body. The body carries file data or a picture.
 */
export const MAX_HEADER_BYTES = 1 << 20;
/** A picture of 2560 × 1600 pixels of 4 bytes. */
export const MAX_BODY_BYTES = 16 << 20;
const PREFIX_BYTES = 8;
const EMPTY = new Uint8Array(0);

export interface Frame {
  readonly header: unknown;
  readonly body: Uint8Array;
}

/** A peer sent something that is no frame. The connection cannot be used any further. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly code = 'BadFrame';
}

export function encodeFrame(header: unknown, body: Uint8Array = EMPTY): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  if (json.length > MAX_HEADER_BYTES) throw new FrameError(`header of ${json.length} bytes`);
  if (body.length > MAX_BODY_BYTES) throw new FrameError(`body of ${body.length} bytes`);
  const out = new Uint8Array(PREFIX_BYTES + json.length + body.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, json.length, true);
  view.setUint32(4, body.length, true);
  out.set(json, PREFIX_BYTES);
  out.set(body, PREFIX_BYTES + json.length);
  return out;
}

/** Cuts a byte stream into frames. It holds at most one frame that is not complete. */
export class FrameDecoder {
  #chunks: Uint8Array[] = [];
  #available = 0;
  #wanted = PREFIX_BYTES;
  #headerBytes = -1;

  /** @throws FrameError when the bytes cannot be a frame */
  push(chunk: Uint8Array): Frame[] {
    this.#chunks.push(chunk);
    this.#available += chunk.length;
    const frames: Frame[] = [];
    while (this.#available >= this.#wanted) {
      const bytes = this.#take(this.#wanted);
      if (this.#headerBytes < 0) this.#readPrefix(bytes);
      else frames.push(this.#readFrame(bytes));
    }
    return frames;
  }

  #readPrefix(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const header = view.getUint32(0, true);
    const body = view.getUint32(4, true);
    if (header > MAX_HEADER_BYTES || body > MAX_BODY_BYTES)
      throw new FrameError(`frame of ${header} + ${body} bytes`);
    this.#headerBytes = header;
    this.#wanted = header + body;
  }

  #readFrame(bytes: Uint8Array): Frame {
    const text = new TextDecoder().decode(bytes.subarray(0, this.#headerBytes));
    const body = bytes.subarray(this.#headerBytes);
    this.#headerBytes = -1;
    this.#wanted = PREFIX_BYTES;
    try {
      return { header: JSON.parse(text), body };
    } catch (error) {
      throw new FrameError(`header is no JSON: ${String(error)}`);
    }
  }

  #take(count: number): Uint8Array {
    const out = new Uint8Array(count);
    let at = 0;
    while (at < count) {
      const first = this.#chunks[0] ?? EMPTY;
      const part = Math.min(first.length, count - at);
      out.set(first.subarray(0, part), at);
      at += part;
      if (part === first.length) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(part);
    }
    this.#available -= count;
    return out;
  }
}
