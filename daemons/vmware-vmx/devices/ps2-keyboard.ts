/** Answers and commands of a keyboard: IBM PS/2 technical reference, keyboards (101/102 keys). */
const ACK = 0xfa;
const RESEND = 0xfe;
const SELF_TEST_PASSED = 0xaa;
const ECHO = 0xee;
const ID = [0xab, 0x83];

const SET_LIGHTS = 0xed;
const SET_SCANCODES = 0xf0;
const IDENTIFY = 0xf2;
const SET_RATE = 0xf3;
const ENABLE = 0xf4;
const DISABLE = 0xf5;
const DEFAULTS = 0xf6;
const SEND_AGAIN = 0xfe;
const RESET = 0xff;

const BREAK = 0x80;
const SET_2_BREAK = 0xf0;
const FIRST_PREFIX = 0xe0;

/** Set 2 of a key, by its code in set 1: what the i8042 translates, backwards. */
// biome-ignore format: a table
const SET_2 = Uint8Array.of(
  0x00, 0x76, 0x16, 0x1e, 0x26, 0x25, 0x2e, 0x36, 0x3d, 0x3e, 0x46, 0x45, 0x4e, 0x55, 0x66, 0x0d,
  0x15, 0x1d, 0x24, 0x2d, 0x2c, 0x35, 0x3c, 0x43, 0x44, 0x4d, 0x54, 0x5b, 0x5a, 0x14, 0x1c, 0x1b,
  0x23, 0x2b, 0x34, 0x33, 0x3b, 0x42, 0x4b, 0x4c, 0x52, 0x0e, 0x12, 0x5d, 0x1a, 0x22, 0x21, 0x2a,
  0x32, 0x31, 0x3a, 0x41, 0x49, 0x4a, 0x59, 0x7c, 0x11, 0x29, 0x58, 0x05, 0x06, 0x04, 0x0c, 0x03,
  0x0b, 0x83, 0x0a, 0x01, 0x09, 0x77, 0x7e, 0x6c, 0x75, 0x7d, 0x7b, 0x6b, 0x73, 0x74, 0x79, 0x69,
  0x72, 0x7a, 0x70, 0x71, 0x84, 0x60, 0x61, 0x78, 0x07, 0x0f, 0x17, 0x1f, 0x27, 0x2f, 0x37, 0x3f,
  0x47, 0x4f, 0x56, 0x5e, 0x08, 0x10, 0x18, 0x20, 0x28, 0x30, 0x38, 0x40, 0x48, 0x50, 0x57, 0x6f,
  0x13, 0x19, 0x39, 0x51, 0x53, 0x5c, 0x5f, 0x62, 0x63, 0x64, 0x65, 0x67, 0x68, 0x6a, 0x6d, 0x6e,
);

/** A PS/2 keyboard. Its keys are given in set 1; it speaks set 2, which the controller mostly translates back. */
export class Ps2Keyboard {
  readonly #onLights: (bits: number) => void;
  /** The command that waits for its argument. */
  #command: number | undefined;
  #replies: number[] = [];
  #lastReply = ACK;
  #scanning = true;
  #set = 2;

  constructor(onLights: (bits: number) => void) {
    this.#onLights = onLights;
  }

  /** Whether it would send a key now: it does not scan while a command waits for its argument. */
  get ready(): boolean {
    return this.#scanning && this.#command === undefined && this.#replies.length === 0;
  }

  /** The next byte that it wants to send, keys aside. */
  takeReply(): number | undefined {
    const reply = this.#replies.shift();
    if (reply !== undefined) this.#lastReply = reply;
    return reply;
  }

  write(byte: number): void {
    const command = this.#command;
    this.#command = undefined;
    if (command !== undefined && byte < SET_LIGHTS) this.#argument(command, byte);
    else this.#obey(byte);
  }

  /** The bytes of one byte of set 1 on the wire, when the controller does not translate. */
  untranslated(code: number): number[] {
    if (this.#set === 1 || code >= FIRST_PREFIX) return [code];
    const key = SET_2[code & ~BREAK] ?? 0;
    return (code & BREAK) === 0 ? [key] : [SET_2_BREAK, key];
  }

  reset(): void {
    this.#command = undefined;
    this.#replies = [];
    this.#scanning = true;
    this.#set = 2;
    this.#onLights(0);
  }

  #argument(command: number, byte: number): void {
    this.#replies.push(ACK);
    if (command === SET_LIGHTS) this.#onLights(byte & 7);
    else if (command === SET_SCANCODES && byte === 0) this.#replies.push(this.#set);
    else if (command === SET_SCANCODES && byte <= 2) this.#set = byte;
  }

  #obey(byte: number): void {
    switch (byte) {
      case SET_LIGHTS:
      case SET_SCANCODES:
      case SET_RATE:
        this.#command = byte;
        this.#replies.push(ACK);
        break;
      case ECHO:
        this.#replies.push(ECHO);
        break;
      case IDENTIFY:
        this.#replies.push(ACK, ...ID);
        break;
      case ENABLE:
      case DISABLE:
        this.#scanning = byte === ENABLE;
        this.#replies.push(ACK);
        break;
      case DEFAULTS:
        this.#replies.push(ACK);
        break;
      case SEND_AGAIN:
        this.#replies.push(this.#lastReply);
        break;
      case RESET:
        this.reset();
        this.#replies.push(ACK, SELF_TEST_PASSED);
        break;
      default:
        this.#replies.push(byte > SET_LIGHTS ? ACK : RESEND);
    }
  }
}
