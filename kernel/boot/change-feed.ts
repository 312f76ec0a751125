import type { Change } from '../abi/index.js';

/** How many changes are kept for who comes back; who was away for more re-reads. */
const KEPT = 1024;

/** The one feed of changes: a sequence, bounded; a gap means re-read. */
export class ChangeFeed {
  readonly #kept: Change[] = [];
  readonly #listeners = new Set<(change: Change) => void>();
  #seq = 0;

  get seq(): number {
    return this.#seq;
  }

  publish(change: Omit<Change, 'seq' | 'gap'>): void {
    const numbered = { seq: ++this.#seq, ...change };
    this.#kept.push(numbered);
    if (this.#kept.length > KEPT) this.#kept.shift();
    for (const listener of this.#listeners) listener(numbered);
  }

  /**
   * Follows the feed after `after`, handing over what was kept since.
   * @returns whether changes in between are lost, and how to stop
   */
  follow(after: number | undefined, listener: (change: Change) => void): { gap: boolean; stop: () => void } {
    const first = this.#kept[0]?.seq ?? this.#seq + 1;
    const gap = after !== undefined && (after < first - 1 || after > this.#seq);
    this.#listeners.add(listener);
    if (after !== undefined && !gap)
      for (const change of this.#kept) if (change.seq > after) listener(change);
    return { gap, stop: () => this.#listeners.delete(listener) };
  }
}
