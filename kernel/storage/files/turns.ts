interface Waiting {
  readonly isAlone: boolean;
  begin(): void;
}

/** Work in the order in which it came: some of it side by side with its like, some alone. */
export class Turns {
  readonly #waiting: Waiting[] = [];
  #sharing = 0;
  #isAlone = false;

  /** Side by side with others that share, while nothing is alone. */
  shared<T>(work: () => Promise<T>): Promise<T> {
    return this.#take(false, work);
  }

  /** When all that came before is done, and before what comes later. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.#take(true, work);
  }

  #take<T>(isAlone: boolean, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        work()
          .then(resolve, reject)
          .finally(() => this.#done(isAlone));
      };
      this.#waiting.push({ isAlone, begin });
      this.#go();
    });
  }

  #done(wasAlone: boolean): void {
    if (wasAlone) this.#isAlone = false;
    else this.#sharing -= 1;
    this.#go();
  }

  #go(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || this.#isAlone || (next.isAlone && this.#sharing > 0)) return;
      this.#waiting.shift();
      if (next.isAlone) this.#isAlone = true;
      else this.#sharing += 1;
      next.begin();
    }
  }
}
