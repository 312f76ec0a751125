import type { HostDatabase } from './host-database.js';

/** Something that has records to write. */
export interface PendingWrites {
  readonly pendingCount: number;
  /** Within a transaction. */
  writePending(): void;
  /** The transaction is committed. */
  pendingWritten(): void;
  /** The transaction was undone. */
  writeFailed(): void;
  /** The file is another one: what was remembered of it is wrong. */
  databaseReplaced(): void;
}

/**
 * The least time between two transactions: what is put meanwhile goes into the next. A row touches every index of its
 * table, whose pages a transaction writes once for all its rows.
 */
const BATCH_MS = 50;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

/**
 * Writes what was put since the last time in one transaction, off the path of those who put. What cannot be written,
 * for want of space or of a file, waits and is tried again, ever more rarely.
 */
export class HistoryWriter {
  readonly #database: HostDatabase;
  readonly #onProblem: (problem: string) => void;
  readonly #sources: PendingWrites[] = [];
  #timer: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #retryAtMs = 0;
  #lastWriteMs = 0;
  #isClosed = false;

  constructor(database: HostDatabase, onProblem: (problem: string) => void) {
    this.#database = database;
    this.#onProblem = onProblem;
    database.onReplaced(() => {
      for (const source of this.#sources) source.databaseReplaced();
    });
  }

  add(source: PendingWrites): void {
    this.#sources.push(source);
  }

  /** There is something to write. */
  schedule(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    const waitMs = Math.max(this.#lastWriteMs + BATCH_MS, this.#retryAtMs) - Date.now();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.flush();
    }, waitMs).unref();
  }

  /** Writes now what there is, unless a failure was so recent that trying again makes no sense. */
  flush(): void {
    if (this.#isClosed || !this.#sources.some(source => source.pendingCount > 0)) return;
    if (Date.now() < this.#retryAtMs) {
      this.schedule();
      return;
    }
    this.#lastWriteMs = Date.now();
    try {
      this.#write();
      if (this.#retryAtMs > 0) this.#onProblem('tasks and events are written to the file again');
      this.#retryAtMs = 0;
      this.#retryMs = FIRST_RETRY_MS;
    } catch (error) {
      for (const source of this.#sources) source.writeFailed();
      this.noteError(error);
      this.#retryAtMs = Date.now() + this.#retryMs;
      this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
      this.schedule();
    }
  }

  /** Of a statement that failed: a broken file is replaced. */
  noteError(error: unknown): void {
    if (this.#database.noteError(error)) return;
    if (this.#retryAtMs > 0 || this.#isClosed) return;
    const reason = error instanceof Error ? error.message : String(error);
    this.#onProblem(`tasks and events cannot be kept on the disk for now: ${reason}`);
  }

  /** The last write, at the end of the process. */
  close(): void {
    clearTimeout(this.#timer);
    this.#retryAtMs = 0;
    this.flush();
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #write(): void {
    if (!this.#database.reopen()) throw new Error('there is no file');
    this.#database.sqlite.transaction(() => {
      for (const source of this.#sources) source.writePending();
    })();
    for (const source of this.#sources) source.pendingWritten();
  }
}
