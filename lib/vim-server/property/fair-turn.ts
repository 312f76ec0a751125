const longMs = 25;

/** How long a piece of work has kept everybody else waiting. */
export class FairTurn {
  #sinceMs = performance.now();

  get isLong(): boolean {
    return performance.now() - this.#sinceMs > longMs;
  }

  /** Lets the others have their turns. */
  async yield(): Promise<void> {
    await new Promise(resolve => {
      setImmediate(resolve);
    });
    this.#sinceMs = performance.now();
  }
}
