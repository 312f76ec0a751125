interface Timer<T> {
  readonly atUs: number;
  readonly what: T;
}

/** Who is to be woken when, soonest first. */
export class Timers<T> {
  readonly #heap: Timer<T>[] = [];

  get nextUs(): number {
    return this.#heap[0]?.atUs ?? Number.POSITIVE_INFINITY;
  }

  set(atUs: number, what: T): void {
    const timer = { atUs, what };
    let at = this.#heap.length;
    for (; at > 0; at = (at - 1) >> 1) {
      const parent = this.#heap[(at - 1) >> 1];
      if (parent === undefined || parent.atUs <= atUs) break;
      this.#heap[at] = parent;
    }
    this.#heap[at] = timer;
  }

  /** Takes the soonest out if it is due. */
  take(nowUs: number): T | null {
    const first = this.#heap[0];
    if (first === undefined || first.atUs > nowUs) return null;
    const last = this.#heap.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    return first.what;
  }

  #sink(timer: Timer<T>): void {
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = this.#heap[left + 1];
      const child = right !== undefined && right.atUs < (this.#heap[left]?.atUs ?? 0) ? left + 1 : left;
      const below = this.#heap[child];
      if (below === undefined || below.atUs >= timer.atUs) break;
      this.#heap[at] = below;
      at = child;
    }
    this.#heap[at] = timer;
  }
}
