import { Ps2Keyboard } from './ps2-keyboard.js';
import { Ps2Mouse } from './ps2-mouse.js';

const KEYBOARD_IRQ = 1;
const MOUSE_IRQ = 12;

/** Bits of the command byte. */
const KEYBOARD_INTERRUPT = 0x01;
const MOUSE_INTERRUPT = 0x02;
const SYSTEM_FLAG = 0x04;
const KEYBOARD_OFF = 0x10;
const MOUSE_OFF = 0x20;
const TRANSLATE = 0x40;

/** Bits of the status register. */
const OUTPUT_FULL = 0x01;
const COMMAND_WRITTEN = 0x08;
const NOT_LOCKED = 0x10;
const FROM_MOUSE = 0x20;

const OUTPUT_PORT = 0xcf;
const NOT_RESET = 0x01;
const ID_2_TRANSLATED = 0x41;
const ID_2 = 0x83;

type Source = 'controller' | 'keyboard' | 'key' | 'mouse';

export interface I8042Host {
  raiseIrq(line: number): void;
  lowerIrq(line: number): void;
  /** The guest pulls the processor's reset line. */
  reset(): void;
  /** Bits of the keyboard's lights: 1 Scroll Lock, 2 Num Lock, 4 Caps Lock. */
  lights(bits: number): void;
}

/**
 * The keyboard controller of a PC (Intel UPI-C42, IBM PS/2 technical reference), with a keyboard and a mouse. Bytes of
 * keys enter one by one, by `offerKey`, and none is lost: one that the guest has not read when it sends the keyboard a
 * command is taken back and comes after the command's answer.
 */
export class I8042 {
  readonly mouse = new Ps2Mouse();
  readonly #host: I8042Host;
  readonly #keyboard: Ps2Keyboard;
  #replies: { readonly byte: number; readonly fromMouse: boolean }[] = [];
  /** Bytes of keys on their way; more than one only when the guest wants set 2. */
  #keys: number[] = [];
  #commandByte = KEYBOARD_INTERRUPT | SYSTEM_FLAG | TRANSLATE;
  /** The command that waits for a byte at port 60h. */
  #command: number | undefined;
  #output = 0;
  #source: Source | undefined;
  #lastSource: Source = 'controller';
  #commandWritten = false;

  constructor(host: I8042Host) {
    this.#host = host;
    this.#keyboard = new Ps2Keyboard(bits => host.lights(bits));
  }

  /**
   * A byte of a key, in set 1.
   * @returns false when the guest is not ready for one: offer it again
   */
  offerKey(code: number): boolean {
    const off = (this.#commandByte & KEYBOARD_OFF) !== 0;
    if (off || !this.#keyboard.ready || this.#keys.length > 0 || this.#source !== undefined) return false;
    const translated = (this.#commandByte & TRANSLATE) !== 0;
    this.#keys.push(...(translated ? [code] : this.#keyboard.untranslated(code)));
    this.pump();
    return true;
  }

  /** Presents the next byte when the guest has read the one before. @returns whether it did */
  pump(): boolean {
    if (this.#source !== undefined) return false;
    const reply = this.#replies.shift();
    if (reply !== undefined) this.#present(reply.byte, reply.fromMouse ? 'mouse' : 'controller');
    else this.#pumpDevices();
    return this.#source !== undefined;
  }

  readData(): number {
    const source = this.#source;
    const byte = this.#output;
    this.#source = undefined;
    if (source !== undefined) this.#host.lowerIrq(source === 'mouse' ? MOUSE_IRQ : KEYBOARD_IRQ);
    // The next key comes between slices, about as fast as a keyboard's wire; the rest at once.
    if (source !== 'key' || this.#keys.length > 0) this.pump();
    return byte;
  }

  readStatus(): number {
    const full = this.#source === undefined ? 0 : OUTPUT_FULL;
    const mouse = (this.#source ?? this.#lastSource) === 'mouse' ? FROM_MOUSE : 0;
    const written = this.#commandWritten ? COMMAND_WRITTEN : 0;
    return NOT_LOCKED | full | mouse | written | (this.#commandByte & SYSTEM_FLAG);
  }

  writeCommand(command: number): void {
    this.#commandWritten = true;
    this.#command = undefined;
    if (command >= 0xf0) {
      if ((command & NOT_RESET) === 0) this.#host.reset();
      return;
    }
    switch (command) {
      case 0x20:
        this.#reply(this.#commandByte);
        break;
      case 0x60:
      case 0xd1:
      case 0xd2:
      case 0xd3:
      case 0xd4:
        this.#command = command;
        break;
      case 0xa7:
        this.#commandByte |= MOUSE_OFF;
        break;
      case 0xa8:
        this.#commandByte &= ~MOUSE_OFF;
        break;
      case 0xa9:
      case 0xab:
        this.#reply(0x00);
        break;
      case 0xaa:
        this.#commandByte |= SYSTEM_FLAG;
        this.#reply(0x55);
        break;
      case 0xad:
        this.#commandByte |= KEYBOARD_OFF;
        break;
      case 0xae:
        this.#commandByte &= ~KEYBOARD_OFF;
        break;
      case 0xc0:
        this.#reply(0x80);
        break;
      case 0xd0:
        this.#reply(OUTPUT_PORT);
        break;
    }
    this.pump();
  }

  writeData(byte: number): void {
    this.#commandWritten = false;
    const command = this.#command;
    this.#command = undefined;
    switch (command) {
      case 0x60:
        this.#commandByte = byte;
        break;
      case 0xd1:
        if ((byte & NOT_RESET) === 0) this.#host.reset();
        break;
      case 0xd2:
        this.#reply(byte);
        break;
      case 0xd3:
        this.#replies.push({ byte, fromMouse: true });
        break;
      case 0xd4:
        this.mouse.write(byte);
        break;
      default:
        this.#takeBackKey();
        this.#commandByte &= ~KEYBOARD_OFF;
        this.#keyboard.write(byte);
    }
    this.pump();
  }

  reset(): void {
    this.#replies = [];
    this.#keys = [];
    this.#command = undefined;
    this.#commandByte = KEYBOARD_INTERRUPT | SYSTEM_FLAG | TRANSLATE;
    this.#source = undefined;
    this.#commandWritten = false;
    this.#keyboard.reset();
    this.mouse.reset();
    this.#host.lowerIrq(KEYBOARD_IRQ);
    this.#host.lowerIrq(MOUSE_IRQ);
  }

  #reply(byte: number): void {
    this.#replies.push({ byte, fromMouse: false });
  }

  #pumpDevices(): void {
    if ((this.#commandByte & KEYBOARD_OFF) === 0) {
      const answer = this.#keyboard.takeReply();
      if (answer !== undefined) {
        const translates = (this.#commandByte & TRANSLATE) !== 0 && answer === ID_2;
        this.#present(translates ? ID_2_TRANSLATED : answer, 'keyboard');
        return;
      }
      const key = this.#keyboard.ready ? this.#keys.shift() : undefined;
      if (key !== undefined) {
        this.#present(key, 'key');
        return;
      }
    }
    const moved = (this.#commandByte & MOUSE_OFF) === 0 ? this.mouse.take() : undefined;
    if (moved !== undefined) this.#present(moved, 'mouse');
  }

  #present(byte: number, source: Source): void {
    this.#output = byte;
    this.#source = source;
    this.#lastSource = source;
    const [enable, line] =
      source === 'mouse' ? [MOUSE_INTERRUPT, MOUSE_IRQ] : [KEYBOARD_INTERRUPT, KEYBOARD_IRQ];
    if ((this.#commandByte & enable) !== 0) this.#host.raiseIrq(line);
  }

  #takeBackKey(): void {
    if (this.#source !== 'key') return;
    this.#keys.unshift(this.#output);
    this.#source = undefined;
    this.#host.lowerIrq(KEYBOARD_IRQ);
  }
}
