/** A BIOS of a few machine instructions, so that tests of the engine need no image: 16-bit real mode from F000:0000. */
const BIOS_BYTES = 0x10000;
const RESET_VECTOR = 0xfff0;
export const COM1 = 0x3f8;

export class MiniBios {
  readonly #code: number[] = [];

  raw(...bytes: number[]): this {
    this.#code.push(...bytes);
    return this;
  }

  out(port: number, value: number): this {
    return this.raw(0xba, port & 0xff, port >> 8, 0xb0, value & 0xff, 0xee);
  }

  say(text: string): this {
    for (const char of text) this.out(COM1, char.charCodeAt(0));
    return this;
  }

  /** Sends the byte read from a port to COM1. */
  tell(port: number): this {
    return this.raw(0xba, port & 0xff, port >> 8, 0xec, 0xba, COM1 & 0xff, COM1 >> 8, 0xee);
  }

  /** Waits until (port & mask) is zero. */
  waitClear(port: number, mask: number): this {
    return this.raw(0xba, port & 0xff, port >> 8, 0xec, 0xa8, mask, 0x75, 0xfb);
  }

  waitSet(port: number, mask: number): this {
    return this.raw(0xba, port & 0xff, port >> 8, 0xec, 0xa8, mask, 0x74, 0xfb);
  }

  /** Reads `words` 16-bit words from a port and sends the low byte of each to COM1. */
  tellWords(port: number, words: number): this {
    const [lo, hi] = [words & 0xff, words >> 8];
    // mov cx,words; l: mov dx,port; in ax,dx; mov dx,COM1; out dx,al; loop l
    this.raw(0xb9, lo, hi, 0xba, port & 0xff, port >> 8, 0xed, 0xba, COM1 & 0xff, COM1 >> 8, 0xee);
    return this.raw(0xe2, 0xf6);
  }

  /** Writes `words` 16-bit words of one value to a port. */
  outWords(port: number, words: number, value: number): this {
    this.raw(0xb9, words & 0xff, words >> 8, 0xba, port & 0xff, port >> 8);
    return this.raw(0xb8, value & 0xff, value >> 8, 0xef, 0xe2, 0xfd);
  }

  /** sti; hlt for ever. */
  idle(): Uint8Array {
    return this.raw(0xfb, 0xf4, 0xeb, 0xfd).image();
  }

  /** cli; hlt: the processor is off. */
  off(): Uint8Array {
    return this.raw(0xfa, 0xf4, 0xeb, 0xfd).image();
  }

  /** inc ax; jmp: runs for ever. */
  spin(): Uint8Array {
    return this.raw(0xfa, 0x40, 0xeb, 0xfd).image();
  }

  image(): Uint8Array {
    const image = new Uint8Array(BIOS_BYTES);
    image.set(this.#code);
    image.set([0xea, 0x00, 0x00, 0x00, 0xf0], RESET_VECTOR);
    return image;
  }
}
