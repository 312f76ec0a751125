/** Answers and commands of a mouse: IBM PS/2 technical reference, auxiliary device; ids 3 and 4 by Microsoft's knocks. */
const ACK = 0xfa;
const RESEND = 0xfe;
const SELF_TEST_PASSED = 0xaa;

const SCALING_1_1 = 0xe6;
const SCALING_2_1 = 0xe7;
const SET_RESOLUTION = 0xe8;
const STATUS = 0xe9;
const STREAM_MODE = 0xea;
const READ_DATA = 0xeb;
const REMOTE_MODE = 0xf0;
const IDENTIFY = 0xf2;
const SET_RATE = 0xf3;
const ENABLE = 0xf4;
const DISABLE = 0xf5;
const DEFAULTS = 0xf6;
const RESET = 0xff;

/** Sample rates in a row that turn a mouse into one with a wheel, and into one with five buttons. */
const WHEEL_KNOCK = [200, 100, 80];
const EXPLORER_KNOCK = [200, 200, 80];
const WHEEL_ID = 3;
const EXPLORER_ID = 4;
const MAX_DELTA = 255;
const MAX_WHEEL = 7;
/** Movements between changes of buttons that a guest has not read; further ones join the last. */
const MAX_PENDING = 64;

interface Movement {
  dx: number;
  /** Downwards. */
  dy: number;
  wheel: number;
  readonly buttons: number;
}

/** A PS/2 mouse of three buttons and a wheel. It sends a packet when the guest has read the one before. */
export class Ps2Mouse {
  #argumentOf: number | undefined;
  #replies: number[] = [];
  #pending: Movement[] = [];
  #reporting = false;
  #remote = false;
  #doubled = false;
  #resolution = 2;
  #rates: number[] = [];
  #rate = 100;
  #id = 0;
  #buttons = 0;

  /** Whether the guest listens. */
  get reporting(): boolean {
    return this.#reporting;
  }

  /** @param buttons 1 left, 2 right, 4 middle; wheel up is negative */
  move(dx: number, dy: number, wheel: number, buttons: number): void {
    if (!this.#reporting && !this.#remote) return;
    const last = this.#pending.at(-1);
    if (last !== undefined && (last.buttons === buttons || this.#pending.length >= MAX_PENDING)) {
      last.dx += dx;
      last.dy += dy;
      last.wheel += wheel;
      if (last.buttons !== buttons) this.#pending[this.#pending.length - 1] = { ...last, buttons };
    } else if (dx !== 0 || dy !== 0 || wheel !== 0 || buttons !== this.#lastButtons())
      this.#pending.push({ dx, dy, wheel, buttons });
  }

  /** An empty packet, so that the guest's driver looks at the backdoor. */
  nudge(): void {
    if (this.#reporting && this.#pending.length === 0)
      this.#pending.push({ dx: 0, dy: 0, wheel: 0, buttons: this.#buttons });
  }

  /** The next byte that it wants to send. */
  take(): number | undefined {
    if (this.#replies.length === 0 && this.#reporting && !this.#remote && this.#argumentOf === undefined)
      this.#packet();
    return this.#replies.shift();
  }

  write(byte: number): void {
    this.#replies = [];
    const command = this.#argumentOf;
    this.#argumentOf = undefined;
    if (command === undefined) this.#obey(byte);
    else {
      this.#replies.push(ACK);
      if (command === SET_RATE) this.#setRate(byte);
      else this.#resolution = byte & 3;
    }
  }

  reset(): void {
    this.#replies = [];
    this.#argumentOf = undefined;
    this.#id = 0;
    this.#rates = [];
    this.#defaults();
  }

  #defaults(): void {
    this.#reporting = false;
    this.#remote = false;
    this.#doubled = false;
    this.#resolution = 2;
    this.#rate = 100;
    this.#pending = [];
    this.#buttons = 0;
  }

  #obey(byte: number): void {
    this.#replies.push(ACK);
    switch (byte) {
      case SCALING_1_1:
      case SCALING_2_1:
        this.#doubled = byte === SCALING_2_1;
        break;
      case SET_RESOLUTION:
      case SET_RATE:
        this.#argumentOf = byte;
        break;
      case STATUS:
        this.#replies.push(this.#status(), this.#resolution, this.#rate);
        break;
      case STREAM_MODE:
      case REMOTE_MODE:
        this.#remote = byte === REMOTE_MODE;
        break;
      case READ_DATA:
        if (this.#pending.length === 0)
          this.#pending.push({ dx: 0, dy: 0, wheel: 0, buttons: this.#buttons });
        this.#packet();
        break;
      case IDENTIFY:
        this.#replies.push(this.#id);
        break;
      case ENABLE:
      case DISABLE:
        this.#reporting = byte === ENABLE;
        this.#pending = [];
        break;
      case DEFAULTS:
        this.#defaults();
        break;
      case RESET:
        this.reset();
        this.#replies.push(ACK, SELF_TEST_PASSED, 0);
        break;
      default:
        if (byte < SCALING_1_1) this.#replies = [RESEND];
    }
  }

  #status(): number {
    const left = this.#buttons & 1;
    const right = (this.#buttons >> 1) & 1;
    const middle = (this.#buttons >> 2) & 1;
    const modes = (this.#remote ? 0x40 : 0) | (this.#reporting ? 0x20 : 0) | (this.#doubled ? 0x10 : 0);
    return modes | (left << 2) | (middle << 1) | right;
  }

  #setRate(rate: number): void {
    this.#rate = rate;
    this.#rates = [...this.#rates, rate].slice(-3);
    const knocked = (knock: readonly number[]) => knock.every((value, i) => this.#rates[i] === value);
    if (knocked(WHEEL_KNOCK)) this.#id = WHEEL_ID;
    else if (knocked(EXPLORER_KNOCK) && this.#id === WHEEL_ID) this.#id = EXPLORER_ID;
  }

  #lastButtons(): number {
    return this.#pending.at(-1)?.buttons ?? this.#buttons;
  }

  /** One packet of what is pending; what does not fit into it stays. */
  #packet(): void {
    const next = this.#pending[0];
    if (next === undefined) return;
    const dx = clamp(next.dx, MAX_DELTA);
    const dy = clamp(next.dy, MAX_DELTA);
    const wheel = this.#id === 0 ? next.wheel : clamp(next.wheel, MAX_WHEEL);
    next.dx -= dx;
    next.dy -= dy;
    next.wheel -= wheel;
    this.#buttons = next.buttons;
    const signs = (dx < 0 ? 0x10 : 0) | (dy > 0 ? 0x20 : 0);
    this.#replies.push(0x08 | signs | (next.buttons & 7), dx & 0xff, -dy & 0xff);
    if (this.#id === WHEEL_ID) this.#replies.push(wheel & 0xff);
    else if (this.#id === EXPLORER_ID) this.#replies.push(wheel & 0x0f);
    if (next.dx === 0 && next.dy === 0 && next.wheel === 0) this.#pending.shift();
  }
}

function clamp(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}
