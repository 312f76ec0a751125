import type { HostDatabase } from './host-database.js';

/** Numbers taken from the file at once: as many are left out by a kill at most. */
const BLOCK = 10_000;

const YEAR_2020_SECONDS = Date.UTC(2020) / 1000;

/**
 * Ascending numbers that no earlier process on the file has given: a block is taken from the file before one of it is
 * given. Where the file is not known (broken, or not to be opened), they begin at the seconds since 2020: above all
 * that were given before, unless there was one each second.
 */
export class NumberSequence {
  readonly #database: HostDatabase;
  readonly #name: string;
  readonly #onError: (error: unknown) => void;
  #next: number;
  #reservedEnd = 0;

  /** @param lastUsed the highest number found in use */
  constructor(
    options: { name: string; lastUsed: number; onError: (error: unknown) => void },
    database: HostDatabase,
  ) {
    this.#database = database;
    this.#name = options.name;
    this.#onError = options.onError;
    this.#next = Math.max(1, options.lastUsed + 1, this.#read());
    if (database.wasSetAside || !database.isOnDisk) {
      this.#next = Math.max(this.#next, Math.floor(Date.now() / 1000) - YEAR_2020_SECONDS);
    }
  }

  take(): number {
    if (this.#next >= this.#reservedEnd) this.#reserve();
    const number = this.#next;
    this.#next += 1;
    return number;
  }

  /** Writes down again what was taken: the file may be another one. */
  keep(): void {
    this.#next = Math.max(this.#next, this.#read());
    if (this.#reservedEnd > 0) this.#write(this.#reservedEnd);
  }

  /** Gives the rest of the block back. */
  close(): void {
    if (this.#reservedEnd > 0) this.#write(this.#next);
  }

  /** Without the file the numbers go on: they are told to clients, whoever keeps them. */
  #reserve(): void {
    this.#reservedEnd = this.#next + BLOCK;
    this.#write(this.#reservedEnd);
  }

  #read(): number {
    try {
      const row = this.#database.prepare('SELECT next FROM sequence WHERE name = ?').get(this.#name);
      return typeof row === 'object' && row !== null && 'next' in row ? Number(row.next) : 0;
    } catch (error) {
      this.#onError(error);
      return 0;
    }
  }

  #write(next: number): void {
    const statement =
      'INSERT INTO sequence (name, next) VALUES (?, ?) ON CONFLICT DO UPDATE SET next = excluded.next';
    try {
      this.#database.durably(() => this.#database.prepare(statement).run(this.#name, next));
    } catch (error) {
      this.#onError(error);
    }
  }
}
