/** Fields of figures that only grow. */
export type Growing<F> = Extract<keyof F, `${string}Us`>;

/** A row of figures that grow, over an interval and over the time since the last look. */
export class GrowingRow<F extends { readonly takenUs: number }> {
  readonly #read: () => F | undefined;
  #start: F | undefined;
  #before: F | undefined;
  #now: F | undefined;

  /**
   * @param read the figures as they are; undefined while their writer is busy or has told nothing yet
   * @param start what they were at first, for what was born in the interval
   */
  constructor(read: () => F | undefined, start?: F) {
    this.#read = read;
    this.#start = start;
    this.#now = start;
  }

  look(): void {
    const now = this.#read();
    this.#before = this.#now;
    if (now !== undefined) this.#now = now;
    this.#start ??= now;
  }

  /** The next interval begins with the last look. */
  restart(): void {
    this.#start = this.#now;
  }

  get latest(): F | undefined {
    return this.#now;
  }

  /** Growth per time over the interval: CPU times in PCPUs. Undefined where no time has passed. */
  rate(field: Growing<F>): number | undefined {
    return growth(this.#start, this.#now, field);
  }

  /** The same since the look before. */
  recentRate(field: Growing<F>): number | undefined {
    return growth(this.#before, this.#now, field);
  }
}

function growth<F extends { readonly takenUs: number }>(
  from: F | undefined,
  to: F | undefined,
  field: Growing<F>,
): number | undefined {
  if (from === undefined || to === undefined || to.takenUs <= from.takenUs) return undefined;
  // Every field whose name ends with Us is a number.
  const grown = Number(to[field]) - Number(from[field]);
  return Math.max(0, grown) / (to.takenUs - from.takenUs);
}

/** Undefined where none is known. */
export function sumOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter(value => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
}
