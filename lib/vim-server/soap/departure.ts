/** The client's going away before it has its reply. Few calls ask for it, so the signal is made when one does. */
export class Departure {
  #aborter: AbortController | undefined;
  #isGone = false;

  get isGone(): boolean {
    return this.#isGone;
  }

  gone(): void {
    this.#isGone = true;
    this.#aborter?.abort();
  }

  get signal(): AbortSignal {
    this.#aborter ??= new AbortController();
    if (this.#isGone) this.#aborter.abort();
    return this.#aborter.signal;
  }
}
