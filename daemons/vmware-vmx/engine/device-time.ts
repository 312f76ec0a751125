/** Imports through which the core comes to devices, by how many words they take. */
const ONE_WORD = ['io_port_read8', 'io_port_read16', 'io_port_read32', 'mmap_read8', 'mmap_read32'];
const TWO_WORDS = [
  'io_port_write8',
  'io_port_write16',
  'io_port_write32',
  'mmap_write8',
  'mmap_write16',
  'mmap_write32',
  'run_hardware_timers',
];
const MORE_WORDS = ['mmap_write64', 'mmap_write128'];
/** Calls between two that are timed: 1 to this many, by chance. */
const LONGEST_GAP = 63;
const MEAN_GAP = (1 + LONGEST_GAP) / 2;
/** No device of ours takes longer; Linux ran something else meanwhile, and it must not count for 32 calls. */
const LONGEST_CALL_MS = 1;

type Imports = Record<string, unknown>;

/**
 * Time that a guest's devices take in its slices, estimated: looking at the clock takes as long as a plain port, so
 * one call in 32 is timed, chosen by chance, and counts for all. What the clock itself takes is taken off.
 */
export class DeviceTime {
  #ms = 0;
  #gap = 1;
  #timedCalls = 0;
  /** Its own chance: the guest's is part of what can be replayed. */
  #random = 0x2545f491;

  /** @param nowMs the real clock, whatever the guest's is */
  constructor(private readonly nowMs: () => number) {}

  get ms(): number {
    return this.#ms;
  }

  /** Another number after a call of a device. */
  get mark(): number {
    return this.#gap + this.#timedCalls * (LONGEST_GAP + 1);
  }

  /** Puts itself before every import that leads to a device. */
  watch(imports: Imports): void {
    for (const name of ONE_WORD) {
      const call = imports[name] as (a: number) => number;
      imports[name] = (a: number) => (--this.#gap > 0 ? call(a) : this.#timed(() => call(a)));
    }
    for (const name of TWO_WORDS) {
      const call = imports[name] as (a: number, b: number) => number;
      imports[name] = (a: number, b: number) =>
        --this.#gap > 0 ? call(a, b) : this.#timed(() => call(a, b));
    }
    for (const name of MORE_WORDS) {
      const call = imports[name] as (...words: number[]) => number;
      imports[name] = (...words: number[]) =>
        --this.#gap > 0 ? call(...words) : this.#timed(() => call(...words));
    }
  }

  #timed(call: () => number): number {
    this.#gap = this.#nextGap();
    this.#timedCalls++;
    const beforeMs = this.nowMs();
    const startMs = this.nowMs();
    const result = call();
    const tookMs = this.nowMs() - startMs - (startMs - beforeMs);
    if (Math.abs(tookMs) < LONGEST_CALL_MS) this.#ms += tookMs * MEAN_GAP;
    return result;
  }

  /** xorshift32 */
  #nextGap(): number {
    let x = this.#random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x;
    return 1 + ((x >>> 0) % LONGEST_GAP);
  }
}
