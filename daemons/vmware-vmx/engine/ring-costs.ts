/** What time ring 0 and the other rings take for an instruction, on average; only their ratio counts. */
export interface RingCosts {
  readonly userNs: number;
  readonly kernelNs: number;
}

/** What a look at the machine tells: what it shows is up to that moment. */
export interface RingView {
  /** The level that instructions count for since `sinceInstruction`. */
  readonly level: number;
  readonly sinceInstruction: number;
  /** Time spent on translations so far, ms. */
  readonly translateMs: number;
  /** Moves with every call of a device. */
  readonly deviceMark: number;
}

/** Changes of the level between two stretches that are timed: 1 to this many, by chance. */
const LONGEST_GAP = 63;
/**
 * No slice is longer, and no stretch longer than this and so much an instruction: Linux ran something else meanwhile,
 * which would count for thousands of stretches.
 */
const LONGEST_STRETCH_MS = 2;
const SHORT_STRETCH_MS = 0.05;
const DEAREST_INSTRUCTION_MS = 50e-6;
/** What was seen so far counts half after so many stretches. */
const HALF_LIFE = 256;
const KEPT = 0.5 ** (1 / HALF_LIFE);
const NS_PER_MS = 1e6;

/**
 * A system call's INT and IRET take as long as hundreds of plain instructions: time split by instructions alone gives too
 * much to who executes many cheap ones. So stretches between two changes of the level, chosen by chance, are timed.
 * One with a device in it is left out, translation is taken off, and the clock's own time.
 */
export class RingTimer implements RingCosts {
  readonly #ms = [0, 0];
  readonly #instructions = [0, 0];
  #open: { ring: 0 | 1; view: RingView; startMs: number; clockMs: number } | undefined;
  /** Its own chance: the guest's is part of what can be replayed. */
  #random = 0x1f123bb5;

  /** @param nowMs the real clock, whatever the guest's is */
  constructor(private readonly nowMs: () => number) {}

  get userNs(): number {
    return this.#known ? this.#ns(1) : 1;
  }

  get kernelNs(): number {
    return this.#known ? this.#ns(0) : 1;
  }

  /** At a change of the level that was waited for. @returns changes until the next that matters */
  changed(look: () => RingView): number {
    if (this.#open !== undefined) {
      const endMs = this.nowMs();
      const view = look();
      this.#close(endMs, view, view.sinceInstruction);
      return this.#nextGap();
    }
    const view = look();
    const beforeMs = this.nowMs();
    const startMs = this.nowMs();
    this.#open = { ring: view.level === 0 ? 0 : 1, view, startMs, clockMs: startMs - beforeMs };
    return 1;
  }

  /** A slice ended: what is open ends with it. @returns whether one was */
  sliceEnded(look: () => RingView, instruction: number): boolean {
    if (this.#open === undefined) return false;
    this.#close(this.nowMs(), look(), instruction);
    return true;
  }

  #close(endMs: number, view: RingView, instruction: number): void {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined || open.view.deviceMark !== view.deviceMark) return;
    const tookMs = endMs - open.startMs - open.clockMs - (view.translateMs - open.view.translateMs);
    const executed = (instruction - open.view.sinceInstruction) >>> 0;
    const mostMs = Math.min(LONGEST_STRETCH_MS, SHORT_STRETCH_MS + executed * DEAREST_INSTRUCTION_MS);
    if (executed === 0 || tookMs > mostMs) return;
    const { ring } = open;
    this.#ms[ring] = (this.#ms[ring] ?? 0) * KEPT + Math.max(0, tookMs);
    this.#instructions[ring] = (this.#instructions[ring] ?? 0) * KEPT + executed;
  }

  get #known(): boolean {
    return this.#ns(0) > 0 && this.#ns(1) > 0;
  }

  #ns(ring: 0 | 1): number {
    const instructions = this.#instructions[ring] ?? 0;
    return instructions > 0 ? ((this.#ms[ring] ?? 0) / instructions) * NS_PER_MS : 0;
  }

  #nextGap(): number {
    let x = this.#random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x;
    return 1 + ((x >>> 0) % LONGEST_GAP);
  }
}
