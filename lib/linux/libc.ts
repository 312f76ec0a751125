import koffi from 'koffi';

/**
 * The C library, bound once when this module is loaded: binding is what FFI is, and a lazy binding would put
 * a test into every hot call.
 */
export const libc = koffi.load('libc.so.6');

/** A place in this process's address space. A plain number: addresses fit into 2^53. */
export type Address = number;

/** Linux refused a call. `code` is the symbolic errno. */
export class SystemError extends Error {
  override readonly name = 'SystemError';
  readonly code: string;
  constructor(
    readonly call: string,
    readonly errno: number,
    detail?: string,
  ) {
    const code = errnoName(errno);
    super(`${call}: ${code}${detail === undefined ? '' : ` (${detail})`}`);
    this.code = code;
  }
}

const names = new Map<number, string>(Object.entries(koffi.os.errno).map(([name, value]) => [value, name]));

export function errnoName(errno: number): string {
  return names.get(errno) ?? `E${errno}`;
}

export function lastErrno(): number {
  return koffi.errno();
}

/** Turns -1 into a SystemError that names the call. */
export function check(call: string, result: number, detail?: string): number {
  if (result === -1) throw new SystemError(call, koffi.errno(), detail);
  return result;
}

const memcpyAddress = libc.func('intptr_t memcpy(void *d, void *s, size_t n)');

/** The address of a buffer's first byte. The caller keeps the buffer referenced as long as it uses the address. */
export function addressOf(buffer: ArrayBufferView<ArrayBufferLike> | ArrayBufferLike): Address {
  const bytes = ArrayBuffer.isView(buffer)
    ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    : new Uint8Array(buffer);
  return Number(memcpyAddress(bytes, bytes, 0));
}

export const PAGE_BYTES = 4096;
