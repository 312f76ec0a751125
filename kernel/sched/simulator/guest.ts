/** What a vCPU's guest does next. `us` is CPU time for compute, wall time for sleep. */
export type Piece =
  | { readonly kind: 'compute'; readonly us: number }
  | { readonly kind: 'sleep'; readonly us: number }
  /** Halts, or burns CPU without use, until a sibling releases it. */
  | { readonly kind: 'block' }
  | { readonly kind: 'spin' };

/** The load of one VM, as a model. Made anew for every VM. */
export interface Guest {
  /** Called at the start and whenever the last piece has ended. @param release ends the block or spin of a sibling */
  next(vcpu: number, nowUs: number, release: (vcpu: number) => void): Piece;
}

const FOREVER: Piece = { kind: 'compute', us: Number.POSITIVE_INFINITY };
const NEVER: Piece = { kind: 'block' };

/** Never halts. */
export const spinner = (): Guest => ({ next: () => FOREVER });

/** Never runs but for its first moment. */
export const idler = (): Guest => ({ next: () => NEVER });

/** Uses one vCPU of those it has; the others stay halted. */
export const oneBusyVcpu = (): Guest => ({ next: vcpu => (vcpu === 0 ? FOREVER : NEVER) });

/** Computes so long, then halts so long: a server, or the timer ticks of an idle guest. */
export function dutyCycle(busyUs: number, sleepUs: number): Guest {
  const busy: Piece = { kind: 'compute', us: busyUs };
  const rest: Piece = { kind: 'sleep', us: sleepUs };
  const working: boolean[] = [];
  return {
    next(vcpu) {
      working[vcpu] = !(working[vcpu] ?? false);
      return working[vcpu] === true ? busy : rest;
    },
  };
}

const TICK_PERIOD_US = 4000;
const TICK_COST_US = 30;

/** An idle guest whose timer ticks at 250 Hz. */
export const idleTicks = (): Guest => dutyCycle(TICK_COST_US, TICK_PERIOD_US - TICK_COST_US);

/** Busy from even turns of `atUs` on, halted from odd ones on; ascending. Halted before the first. */
export function steps(atUs: readonly number[]): Guest {
  const chunk: Piece = { kind: 'compute', us: 500 };
  return {
    next(_vcpu, nowUs) {
      const passed = atUs.filter(at => at <= nowUs).length;
      if (passed % 2 === 1) return chunk;
      const next = atUs[passed];
      return next === undefined ? NEVER : { kind: 'sleep', us: next - nowUs };
    },
  };
}

/** Numbers from 0 to 1 that are the same for the same seed. */
export function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Bursts and pauses of uneven length around a mean. */
export function uneven(busyUs: number, sleepUs: number, seed: number): Guest {
  const random = sequence(seed);
  const working: boolean[] = [];
  return {
    next(vcpu) {
      working[vcpu] = !(working[vcpu] ?? false);
      const stretch = 0.2 + 1.6 * random();
      return working[vcpu] === true
        ? { kind: 'compute', us: busyUs * stretch }
        : { kind: 'sleep', us: sleepUs * stretch };
    },
  };
}

/** vCPUs that compute a piece each and meet before the next; who is early spins, or halts. */
export class Barrier implements Guest {
  rounds = 0;
  readonly #piece: Piece;
  readonly #wait: Piece;
  readonly #arrived: boolean[] = [];
  #count = 0;

  constructor(
    private readonly vcpus: number,
    workUs: number,
    wait: 'spin' | 'block',
  ) {
    this.#piece = { kind: 'compute', us: workUs };
    this.#wait = { kind: wait };
  }

  next(vcpu: number, _nowUs: number, release: (vcpu: number) => void): Piece {
    // At its start, and after it was released.
    if (this.#arrived[vcpu] !== false) {
      this.#arrived[vcpu] = false;
      return this.#piece;
    }
    this.#count++;
    if (this.#count < this.vcpus) {
      this.#arrived[vcpu] = true;
      return this.#wait;
    }
    this.#count = 0;
    this.rounds++;
    for (let other = 0; other < this.vcpus; other++) if (other !== vcpu) release(other);
    return this.#piece;
  }
}

/** vCPUs that compute apart, then each hold one lock for a while; who waits for it spins. */
export class SpinLock implements Guest {
  /** Times the lock was held to the end. */
  sections = 0;
  readonly #apart: Piece;
  readonly #inside: Piece;
  readonly #queue: number[] = [];
  readonly #phase: ('apart' | 'waiting' | 'inside')[] = [];
  #holder = -1;

  constructor(apartUs: number, insideUs: number) {
    this.#apart = { kind: 'compute', us: apartUs };
    this.#inside = { kind: 'compute', us: insideUs };
  }

  next(vcpu: number, _nowUs: number, release: (vcpu: number) => void): Piece {
    const phase = this.#phase[vcpu] ?? 'new';
    if (phase === 'apart') return this.#take(vcpu);
    if (phase === 'waiting') return this.#enter(vcpu);
    if (phase === 'inside') this.#give(release);
    this.#phase[vcpu] = 'apart';
    return this.#apart;
  }

  #take(vcpu: number): Piece {
    if (this.#holder < 0) return this.#enter(vcpu);
    this.#phase[vcpu] = 'waiting';
    this.#queue.push(vcpu);
    return { kind: 'spin' };
  }

  #enter(vcpu: number): Piece {
    this.#holder = vcpu;
    this.#phase[vcpu] = 'inside';
    return this.#inside;
  }

  #give(release: (vcpu: number) => void): void {
    this.sections++;
    const next = this.#queue.shift();
    this.#holder = next ?? -1;
    if (next !== undefined) release(next);
  }
}
