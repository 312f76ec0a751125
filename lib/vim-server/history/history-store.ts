/** Something that happened or was done, as it is kept. */
export interface HistoryRecord<T> {
  /** Ascends with time; never given twice. */
  readonly number: number;
  readonly value: T;
  /** moid of the entity that it is about. */
  readonly subject: string | undefined;
  /** moids of what contains that entity. */
  readonly containers: readonly string[];
}

/** A walk from a place between two records. */
export interface PageRequest {
  /** Newer: the records with higher numbers, ascending. Older: this and lower ones, descending. */
  readonly direction: 'newer' | 'older';
  readonly from: number;
  readonly maxCount: number;
}

/** Where history is kept. It bounds itself: the oldest records go first. */
export interface HistoryStore<T, C> {
  /** A number higher than any that was ever given, in this process or an earlier one. */
  takeNumber(): number;
  /** Adds a record, or replaces the one with its number. Never fails and never waits. */
  put(record: HistoryRecord<T>): void;
  read(condition: C, page: PageRequest): HistoryRecord<T>[];
}

/** The place after the newest record. */
export const newestPlace = 2 ** 31;

/** Keeps the newest records in memory. */
export class MemoryHistoryStore<T, C> implements HistoryStore<T, C> {
  readonly #matches: (condition: C, record: HistoryRecord<T>) => boolean;
  readonly #maxRecords: number;
  readonly #records = new Map<number, HistoryRecord<T>>();
  #lastNumber = 0;

  constructor(options: {
    matches: (condition: C, record: HistoryRecord<T>) => boolean;
    maxRecords: number;
  }) {
    this.#matches = options.matches;
    this.#maxRecords = options.maxRecords;
  }

  takeNumber(): number {
    this.#lastNumber += 1;
    return this.#lastNumber;
  }

  put(record: HistoryRecord<T>): void {
    this.#records.set(record.number, record);
    for (const oldest of this.#records.keys()) {
      if (this.#records.size <= this.#maxRecords) return;
      this.#records.delete(oldest);
    }
  }

  read(condition: C, page: PageRequest): HistoryRecord<T>[] {
    const inOrder = [...this.#records.values()].sort((one, other) => one.number - other.number);
    return pageOf(
      inOrder.filter(record => this.#matches(condition, record)),
      page,
    );
  }
}

/** @param inOrder records by ascending number */
export function pageOf<T>(inOrder: readonly HistoryRecord<T>[], page: PageRequest): HistoryRecord<T>[] {
  if (page.direction === 'newer') {
    return inOrder.filter(record => record.number > page.from).slice(0, page.maxCount);
  }
  const older = inOrder.filter(record => record.number <= page.from);
  return older.slice(Math.max(0, older.length - page.maxCount)).reverse();
}
