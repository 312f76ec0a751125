/** What two processes must agree on before they read each other's memory. */
export const SEGMENT_MAGIC = 0x4b585345; // "ESXK"
const MAGIC_WORD = 0;
const HASH_WORD = 1;
const KIND_WORD = 2;

/** A shared-memory file was laid out by another build. */
export class AbiMismatch extends Error {
  override readonly name = 'AbiMismatch';
  readonly code = 'AbiMismatch';
  constructor(
    readonly file: string,
    readonly expectedHash: number,
    readonly foundHash: number,
  ) {
    super(
      `${file}: laid out by another build (hash ${foundHash.toString(16)}, ours ${expectedHash.toString(16)})`,
    );
  }
}

export function stampSegment(words: Int32Array, kind: number, hash: number): void {
  words[KIND_WORD] = kind;
  words[HASH_WORD] = hash;
  Atomics.store(words, MAGIC_WORD, SEGMENT_MAGIC);
}

/** @throws AbiMismatch */
export function verifySegment(words: Int32Array, file: string, kind: number, hash: number): void {
  if (
    Atomics.load(words, MAGIC_WORD) !== SEGMENT_MAGIC ||
    words[KIND_WORD] !== kind ||
    words[HASH_WORD] !== hash
  )
    throw new AbiMismatch(file, hash >>> 0, (words[HASH_WORD] ?? 0) >>> 0);
}

/** How often a reader tries to get a row between two writes before it calls it stale. */
export const SEQLOCK_TRIES = 16;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Stores text, cut at a character's border so that it fits with its final NUL. */
export function storeText(bytes: Uint8Array, offset: number, size: number, value: string): void {
  const field = bytes.subarray(offset, offset + size);
  field.fill(0);
  encoder.encodeInto(value, field.subarray(0, size - 1));
}

export function loadText(bytes: Uint8Array, offset: number, size: number): string {
  const end = bytes.indexOf(0, offset);
  return decoder.decode(bytes.slice(offset, end < 0 || end > offset + size ? offset + size : end));
}
