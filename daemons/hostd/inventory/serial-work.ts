/**
 * Work that is done one after another. Work that waits under the same name is done once, so a burst of changes
 * of one kind is read once.
 */
export class SerialWork {
  readonly #onError: (error: unknown) => void;
  readonly #waiting = new Map<string, () => Promise<void>>();
  #running: Promise<void> | undefined;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  add(name: string, work: () => Promise<void>): void {
    this.#waiting.set(name, work);
    this.#running ??= this.#run();
  }

  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  /** Resolves when nothing runs and nothing waits. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // Begins in the next turn, so that what is added together is merged.
    await Promise.resolve();
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      this.#waiting.delete(next[0]);
      await next[1]().catch(this.#onError);
    }
    this.#running = undefined;
  }
}
