import { type CoreExtras, VECTORS } from './core-extras.js';
import type { EngineCpu } from './private-api.js';

/** Calls between two looks which vectors are timers' at present. */
const LOOK_EVERY = 64;
/** Intel SDM 3A 10.5.1, 82093AA 3.0. */
const LVT_TIMER = 0xfee00320;
const IOREGSEL = 0xfec00000;
const IOWIN = 0xfec00010;
const FIRST_REDIRECTION = 0x10;
/** Where ACPI's tables put the PIT, and where it is without them; the RTC. */
const TIMER_PINS = [0, 2, 8];

/** Interrupts delivered to the guest since power-on, and those of its timers: PIT, RTC and the local APIC's own. */
export class InterruptCounts {
  #interrupts = 0;
  #timerInterrupts = 0;
  #untilLook = 0;
  readonly #last = new Uint32Array(2 * VECTORS);
  readonly #apicTimers = new Set<number>();

  constructor(
    private readonly cpu: EngineCpu,
    private readonly extras: CoreExtras,
  ) {}

  get interrupts(): number {
    return this.#interrupts;
  }

  get timerInterrupts(): number {
    return this.#timerInterrupts;
  }

  /** Between slices. */
  count(): void {
    const vectors = this.extras.vectors();
    if (this.#untilLook-- === 0) this.#look();
    for (let at = 0; at < vectors.length; at++) {
      const now = vectors[at] ?? 0;
      const delivered = (now - (this.#last[at] ?? 0)) >>> 0;
      if (delivered === 0) continue;
      this.#last[at] = now;
      this.#interrupts += delivered;
      if (this.#isTimer(at)) this.#timerInterrupts += delivered;
    }
  }

  /** IRQ 0 and IRQ 8 are the first lines of the two PICs. */
  #isTimer(at: number): boolean {
    return at < VECTORS ? (at & 7) === 0 : this.#apicTimers.has(at - VECTORS);
  }

  #look(): void {
    this.#untilLook = LOOK_EVERY - 1;
    const { cpu } = this;
    this.#apicTimers.clear();
    this.#apicTimers.add(cpu.read32s(LVT_TIMER) & 0xff);
    const selected = cpu.read32s(IOREGSEL);
    for (const pin of TIMER_PINS) {
      cpu.write32(IOREGSEL, FIRST_REDIRECTION + 2 * pin);
      this.#apicTimers.add(cpu.read32s(IOWIN) & 0xff);
    }
    cpu.write32(IOREGSEL, selected);
  }
}
