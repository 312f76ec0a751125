export interface Stoppable {
  stop(): Promise<void>;
}

/** What a benchmark started and has not ended yet: an interrupted one leaves nothing either. */
export class Owned {
  readonly #all = new Set<Stoppable>();

  add<T extends Stoppable>(one: T): T {
    this.#all.add(one);
    return one;
  }

  /** For who stops itself. */
  gone(one: Stoppable): void {
    this.#all.delete(one);
  }

  async stopAll(): Promise<void> {
    await Promise.allSettled([...this.#all].map(one => one.stop()));
    this.#all.clear();
  }
}
