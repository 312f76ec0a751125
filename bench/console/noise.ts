import { Encoding } from '../../lib/rfb/index.js';

const ENCODINGS = [...Object.values(Encoding), -247, -256, -32, 2, 4, 6, 15, 0x7fffffff];
/** A guest that is told Ctrl+Alt+Del starts again, which is its right; Ctrl is left out. */
const CONTROL_KEYSYMS = [0xffe3, 0xffe4];
const CONTROL_SCANCODES = [0x1d, 0x9d];

/** Nonsense for RFB servers: the same for the same seed. */
export class Noise {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 1;
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.alloc(count);
    for (let i = 0; i < count; i++) bytes[i] = this.#below(256);
    return bytes;
  }

  /** Whole messages of a viewer whose contents are absurd; about so many bytes. */
  messages(count: number): Buffer {
    const all: Buffer[] = [];
    for (let length = 0; length < count; length += all.at(-1)?.length ?? 0) all.push(this.#message());
    return Buffer.concat(all);
  }

  #message(): Buffer {
    switch (this.#below(16)) {
      case 0:
        return this.#pixelFormat();
      case 1:
        return this.#encodings();
      case 2:
        return this.#text();
      case 3:
        return this.#desktopSize();
      case 4:
      case 5:
        return this.#scancode();
      case 6:
      case 7:
      case 8:
        return this.#key();
      case 9:
      case 10:
      case 11:
        return Buffer.concat([Buffer.of(5), this.bytes(5)]);
      default:
        return this.#request();
    }
  }

  /** One that a server can follow: what it cannot ends the connection. */
  #pixelFormat(): Buffer {
    const bits = [8, 16, 32][this.#below(3)] ?? 8;
    const each =
      bits === 8 ? [7, 7, 3, 0, 3, 6] : bits === 16 ? [31, 63, 31, 11, 5, 0] : [255, 255, 255, 16, 8, 0];
    const [red = 0, green = 0, blue = 0, ...shifts] = each;
    const trueColour = bits === 8 ? this.#below(2) : 1;
    const head = [0, 0, 0, 0, bits, bits === 32 ? 24 : bits, this.#below(2), trueColour];
    return Buffer.from([...head, 0, red, 0, green, 0, blue, ...shifts, 0, 0, 0]);
  }

  #encodings(): Buffer {
    const count = this.#below(12);
    const bytes = Buffer.alloc(4 + 4 * count);
    bytes.writeUInt8(2, 0);
    bytes.writeUInt16BE(count, 2);
    for (let i = 0; i < count; i++) {
      const known = ENCODINGS[this.#below(ENCODINGS.length * 2)];
      bytes.writeInt32BE(known ?? this.#any32() | 0, 4 + 4 * i);
    }
    return bytes;
  }

  #text(): Buffer {
    const text = this.bytes(this.#below(200));
    const head = Buffer.from([6, 0, 0, 0, 0, 0, 0, text.length]);
    return Buffer.concat([head, text]);
  }

  #desktopSize(): Buffer {
    const screens = this.#below(3);
    const head = Buffer.concat([Buffer.of(251, 0), this.bytes(4), Buffer.of(screens, 0)]);
    return Buffer.concat([head, this.bytes(16 * screens)]);
  }

  #scancode(): Buffer {
    const bytes = Buffer.concat([Buffer.of(255, 0, 0, this.#below(2)), this.bytes(4), Buffer.alloc(4)]);
    const code = this.#below(4) === 0 ? this.#any32() : this.#below(256);
    bytes.writeUInt32BE(CONTROL_SCANCODES.includes(code) ? 1 : code, 8);
    if (CONTROL_KEYSYMS.includes(bytes.readUInt32BE(4))) bytes.writeUInt32BE(0, 4);
    return bytes;
  }

  #key(): Buffer {
    const bytes = Buffer.alloc(8);
    const chosen = [this.#below(256), 0xff00 + this.#below(256), this.#any32()][this.#below(3)] ?? 0;
    bytes.writeUInt8(4, 0);
    bytes.writeUInt8(this.#below(2), 1);
    bytes.writeUInt32BE(CONTROL_KEYSYMS.includes(chosen) ? 0 : chosen, 4);
    return bytes;
  }

  #request(): Buffer {
    const whole = this.#below(4) === 0;
    const area = whole ? Buffer.of(0, 0, 0, 0, 255, 255, 255, 255) : this.bytes(8);
    return Buffer.concat([Buffer.of(3, this.#below(2)), area]);
  }

  #any32(): number {
    return this.bytes(4).readUInt32BE(0);
  }

  /** Marsaglia's xorshift, 32 bits. */
  #below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 8) % limit;
  }
}
