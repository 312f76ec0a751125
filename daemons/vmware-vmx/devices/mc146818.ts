/**
 * The real-time clock and CMOS memory of a PC (Motorola MC146818A, ports 70h and 71h), on a wall clock given in.
 * 24-hour or 12-hour, binary or BCD by register B; periodic, alarm and update-ended interrupts on IRQ 8. The century
 * is at 32h and 37h (PS/2). Time set by the guest is kept as an offset from the host's clock.
 */
const REGISTER_A = 0x0a;
const REGISTER_B = 0x0b;
const REGISTER_C = 0x0c;
const REGISTER_D = 0x0d;
const A_UPDATE_IN_PROGRESS = 0x80;
const B_SET = 0x80;
const B_PERIODIC = 0x40;
const B_ALARM = 0x20;
const B_UPDATE_ENDED = 0x10;
const B_BINARY = 0x04;
const B_24_HOUR = 0x02;
const C_IRQ = 0x80;
const D_VALID = 0x80;
const DONT_CARE = 0xc0;
const LONGEST_WAIT_MS = 100;
/** The update cycle takes 1984 µs; UIP rises 244 µs before it. */
const UPDATE_MS = 2.228;

interface TimeFields {
  second: number;
  minute: number;
  hour: number;
  weekday: number;
  day: number;
  month: number;
  year: number;
}

function fieldsOf(ms: number): TimeFields {
  const time = new Date(ms);
  return {
    second: time.getUTCSeconds(),
    minute: time.getUTCMinutes(),
    hour: time.getUTCHours(),
    weekday: time.getUTCDay() + 1,
    day: time.getUTCDate(),
    month: time.getUTCMonth() + 1,
    year: time.getUTCFullYear(),
  };
}

const msOf = (f: TimeFields): number => Date.UTC(f.year, f.month - 1, f.day, f.hour, f.minute, f.second);

export interface RtcWiring {
  wallMs(): number;
  raiseIrq(): void;
  lowerIrq(): void;
}

export class Mc146818 {
  readonly #wiring: RtcWiring;
  readonly cmos: Uint8Array;
  #index = 0;
  #a = 0x26;
  #b = B_24_HOUR;
  #c = 0;
  /** Guest's time minus the host's, ms. */
  #offsetMs = 0;
  /** The time that stands while register B's SET bit holds updates: fields, for they are written one by one. */
  #held: TimeFields | undefined;
  #nextPeriodicMs = 0;
  #lastSecond: number;

  constructor(cmos: Uint8Array, wiring: RtcWiring) {
    this.cmos = cmos;
    this.#wiring = wiring;
    this.#lastSecond = Math.floor(wiring.wallMs() / 1000);
  }

  select(value: number): void {
    this.#index = value & 0x7f;
  }

  read(): number {
    const index = this.#index;
    if (index === REGISTER_A) return this.#a | this.#updating();
    if (index === REGISTER_B) return this.#b;
    if (index === REGISTER_C) return this.#acknowledge();
    if (index === REGISTER_D) return D_VALID;
    return this.#readTime(index) ?? this.cmos[index] ?? 0;
  }

  write(value: number): void {
    const index = this.#index;
    if (index === REGISTER_C || index === REGISTER_D) return;
    if (index === REGISTER_A) this.#a = value & 0x7f;
    else if (index === REGISTER_B) this.#writeB(value);
    else {
      if (!this.#writeTime(index, value)) this.cmos[index] = value;
      return;
    }
    this.#nextPeriodicMs = this.#wiring.wallMs() + this.#periodMs();
  }

  /** Raises what is due. @returns ms until it wants to be asked again, at most 100 */
  timer(): number {
    const now = this.#wiring.wallMs();
    let cause = 0;
    if (this.#periodic() && now >= this.#nextPeriodicMs) {
      cause |= B_PERIODIC;
      const period = this.#periodMs();
      // Periods that went by unseen merge into one interrupt, as on a chip whose flag was not cleared.
      this.#nextPeriodicMs += period * Math.max(1, Math.ceil((now - this.#nextPeriodicMs) / period));
    }
    const second = Math.floor((now + this.#offsetMs) / 1000);
    if (second !== this.#lastSecond && this.#held === undefined) {
      if (this.#alarmBetween(this.#lastSecond + 1, second)) cause |= B_ALARM;
      this.#lastSecond = second;
      cause |= B_UPDATE_ENDED;
    }
    if (cause !== 0) this.#flag(cause);
    return this.#waitMs(now);
  }

  #flag(cause: number): void {
    this.#c |= cause;
    if ((this.#c & this.#b & (B_PERIODIC | B_ALARM | B_UPDATE_ENDED)) === 0) return;
    this.#c |= C_IRQ;
    this.#wiring.raiseIrq();
  }

  #acknowledge(): number {
    const flags = this.#c;
    this.#c = 0;
    this.#wiring.lowerIrq();
    return flags;
  }

  #periodic(): boolean {
    return (this.#b & B_PERIODIC) !== 0 && (this.#a & 0x0f) !== 0;
  }

  /** Table 5 of the data sheet: 32768 Hz divided by 2^(rate-1); rates 1 and 2 stand for 8 and 9. */
  #periodMs(): number {
    const rate = this.#a & 0x0f;
    return 1000 / (32768 >> ((rate <= 2 ? rate + 7 : rate) - 1));
  }

  #waitMs(now: number): number {
    let wait = LONGEST_WAIT_MS;
    if (this.#periodic()) wait = Math.min(wait, Math.max(0, this.#nextPeriodicMs - now));
    if ((this.#b & (B_ALARM | B_UPDATE_ENDED)) !== 0)
      wait = Math.min(wait, 1000 - ((((now + this.#offsetMs) % 1000) + 1000) % 1000));
    return wait;
  }

  #guestMs(): number {
    return this.#wiring.wallMs() + this.#offsetMs;
  }

  #updating(): number {
    if (this.#held !== undefined) return 0;
    return 1000 - (this.#guestMs() % 1000) < UPDATE_MS ? A_UPDATE_IN_PROGRESS : 0;
  }

  #writeB(value: number): void {
    const setting = (value & B_SET) !== 0;
    if (setting && this.#held === undefined) this.#held = fieldsOf(this.#guestMs());
    if (!setting && this.#held !== undefined) {
      this.#offsetMs = msOf(this.#held) - this.#wiring.wallMs();
      this.#held = undefined;
      this.#lastSecond = Math.floor(this.#guestMs() / 1000);
    }
    // SET clears update-ended interrupt enable (data sheet, register B).
    this.#b = setting ? value & ~B_UPDATE_ENDED : value;
    if ((this.#c & this.#b & (B_PERIODIC | B_ALARM | B_UPDATE_ENDED)) === 0) this.#wiring.lowerIrq();
  }

  #encode(value: number): number {
    return (this.#b & B_BINARY) !== 0 ? value : Math.floor(value / 10) * 16 + (value % 10);
  }

  #decode(value: number): number {
    return (this.#b & B_BINARY) !== 0 ? value : (value >> 4) * 10 + (value & 15);
  }

  #encodeHour(hour: number): number {
    if ((this.#b & B_24_HOUR) !== 0) return this.#encode(hour);
    return this.#encode(hour % 12 === 0 ? 12 : hour % 12) | (hour >= 12 ? 0x80 : 0);
  }

  #decodeHour(value: number): number {
    if ((this.#b & B_24_HOUR) !== 0) return this.#decode(value);
    return (this.#decode(value & 0x7f) % 12) + ((value & 0x80) !== 0 ? 12 : 0);
  }

  #fields(): TimeFields {
    return this.#held ?? fieldsOf(this.#guestMs());
  }

  #readTime(index: number): number | undefined {
    const time = this.#fields();
    if (index === 0) return this.#encode(time.second);
    if (index === 2) return this.#encode(time.minute);
    if (index === 4) return this.#encodeHour(time.hour);
    if (index === 6) return this.#encode(time.weekday);
    if (index === 7) return this.#encode(time.day);
    if (index === 8) return this.#encode(time.month);
    if (index === 9) return this.#encode(time.year % 100);
    if (index === 0x32 || index === 0x37) return this.#encode(Math.floor(time.year / 100));
    return undefined;
  }

  #writeTime(index: number, value: number): boolean {
    const time = { ...this.#fields() };
    if (index === 0) time.second = this.#decode(value);
    else if (index === 2) time.minute = this.#decode(value);
    else if (index === 4) time.hour = this.#decodeHour(value);
    else if (index === 6) time.weekday = this.#decode(value);
    else if (index === 7) time.day = this.#decode(value);
    else if (index === 8) time.month = this.#decode(value);
    else if (index === 9) time.year = Math.floor(time.year / 100) * 100 + this.#decode(value);
    else if (index === 0x32 || index === 0x37) time.year = this.#decode(value) * 100 + (time.year % 100);
    else return false;
    if (this.#held !== undefined) this.#held = time;
    else this.#offsetMs = msOf(time) - this.#wiring.wallMs();
    return true;
  }

  /** Whether one of the seconds first..last (guest's time) matches the alarm bytes; the last day is enough. */
  #alarmBetween(first: number, last: number): boolean {
    for (let second = Math.max(first, last - 86_400); second <= last; second++) {
      const time = new Date(second * 1000);
      const [s, m, h] = [this.cmos[1] ?? 0, this.cmos[3] ?? 0, this.cmos[5] ?? 0];
      const matches = (alarm: number, value: number, decode: (raw: number) => number) =>
        (alarm & DONT_CARE) === DONT_CARE || decode(alarm) === value;
      if (!matches(s, time.getUTCSeconds(), v => this.#decode(v))) continue;
      if (!matches(m, time.getUTCMinutes(), v => this.#decode(v))) continue;
      if (matches(h, time.getUTCHours(), v => this.#decodeHour(v))) return true;
    }
    return false;
  }
}
