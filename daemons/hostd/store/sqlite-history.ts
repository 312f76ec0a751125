import {
  type HistoryRecord,
  type HistoryStore,
  type PageRequest,
  pageOf,
} from '../../../lib/vim-server/index.js';
import type { HistoryTable } from './history-tables.js';
import type { HistoryWriter, PendingWrites } from './history-writer.js';
import type { HostDatabase } from './host-database.js';
import { NumberSequence } from './number-sequence.js';
import { readValue, writeValue } from './value-text.js';

/** So many are not left waiting for the writer's time: a burst would come to the bound before it. */
const FULL_BATCH = 1_000;

/** Records that wait at most while the file cannot be written; then the oldest of them are given up. */
const MAX_PENDING = 10_000;

/** How many records there may be beyond the bound before the oldest are deleted, all at once. */
const PRUNE_SLACK = 500;

interface Row {
  readonly number: number;
  readonly subject: string | null;
  readonly containers: string;
  readonly value: string;
}

/**
 * History in a table of hostd's SQLite file. What is put is in memory until the writer's next transaction, and longer
 * while the file cannot be written; a read sees both.
 */
export class SqliteHistory<T, C> implements HistoryStore<T, C>, PendingWrites {
  readonly #table: HistoryTable<T, C>;
  readonly #database: HostDatabase;
  readonly #writer: HistoryWriter;
  readonly #numbers: NumberSequence;
  readonly #pending = new Map<number, HistoryRecord<T>>();
  readonly #places = new Map<string, number>();
  #writtenCount: number;

  constructor(
    table: HistoryTable<T, C>,
    { database, writer }: { readonly database: HostDatabase; readonly writer: HistoryWriter },
  ) {
    this.#table = table;
    this.#database = database;
    this.#writer = writer;
    const { lastUsed, count } = this.#measure();
    const options = { name: table.name, lastUsed, onError: (error: unknown) => writer.noteError(error) };
    this.#numbers = new NumberSequence(options, database);
    this.#writtenCount = count;
    writer.add(this);
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  takeNumber(): number {
    return this.#numbers.take();
  }

  put(record: HistoryRecord<T>): void {
    this.#pending.set(record.number, record);
    for (const oldest of this.#pending.keys()) {
      if (this.#pending.size <= MAX_PENDING) break;
      this.#pending.delete(oldest);
    }
    if (this.#pending.size >= FULL_BATCH) this.#writer.flush();
    else this.#writer.schedule();
  }

  read(condition: C, page: PageRequest): HistoryRecord<T>[] {
    this.#writer.flush();
    const written = this.#readWritten(condition, { ...page, maxCount: page.maxCount + this.#pending.size });
    if (this.#pending.size === 0) return written;
    const waiting = [...this.#pending.values()].filter(record => this.#table.matches(condition, record));
    const all = [...written.filter(record => !this.#pending.has(record.number)), ...waiting];
    return pageOf(
      all.sort((one, other) => one.number - other.number),
      page,
    );
  }

  writePending(): void {
    const { name, columns } = this.#table;
    const names = ['number', 'subject', 'place', 'value', ...columns];
    const insert = this.#database.prepare(
      `INSERT OR REPLACE INTO ${name} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
    );
    for (const { number, subject, containers, value } of this.#pending.values()) {
      const fixed = [number, subject ?? null, this.#placeId(containers), writeValue(value)];
      insert.run(...fixed, ...this.#table.columnsOf(value));
    }
    this.#prune();
  }

  pendingWritten(): void {
    this.#pending.clear();
  }

  /** The next transaction begins with what is in the file, whatever this one had added. */
  writeFailed(): void {
    this.#places.clear();
    this.#writtenCount = this.#measure().count;
  }

  databaseReplaced(): void {
    this.#numbers.keep();
    this.writeFailed();
  }

  close(): void {
    this.#numbers.close();
  }

  /** Deletes the oldest beyond the bound. A replaced record is counted twice, until the next measure. */
  #prune(): void {
    this.#writtenCount += this.#pending.size;
    if (this.#writtenCount < this.#table.maxRecords + PRUNE_SLACK) return;
    const { name, maxRecords } = this.#table;
    const surplus = this.#measure().count - maxRecords;
    if (surplus > 0) {
      const oldest = `SELECT number FROM ${name} ORDER BY number LIMIT ?`;
      this.#database.prepare(`DELETE FROM ${name} WHERE number IN (${oldest})`).run(surplus);
    }
    this.#writtenCount = maxRecords + Math.min(surplus, 0);
  }

  #placeId(containers: readonly string[]): number {
    const text = JSON.stringify(containers);
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    this.#database.prepare('INSERT OR IGNORE INTO place (containers) VALUES (?)').run(text);
    const row = this.#database.prepare('SELECT id FROM place WHERE containers = ?').get(text) as {
      id: number;
    };
    this.#places.set(text, row.id);
    return row.id;
  }

  #readWritten(condition: C, page: PageRequest): HistoryRecord<T>[] {
    const { name } = this.#table;
    const isNewer = page.direction === 'newer';
    const order = isNewer ? 'ASC' : 'DESC';
    const place = { text: isNewer ? 'number > ?' : 'number <= ?', values: [page.from] };
    const always = [place, ...this.#table.conditions(condition)];
    const searches = this.#table.alternatives(condition).map(one => {
      const all = [...always, one];
      const where = all.map(({ text }) => text).join(' AND ');
      return {
        text: `SELECT number FROM (SELECT number FROM ${name} WHERE ${where} ORDER BY number ${order} LIMIT ?)`,
        values: [...all.flatMap(({ values }) => [...values]), page.maxCount],
      };
    });
    const wanted = searches.map(({ text }) => text).join(' UNION ALL ');
    const statement = `SELECT number, subject, containers, value FROM ${name} JOIN place ON place.id = place
      WHERE number IN (${wanted}) ORDER BY number ${order} LIMIT ?`;
    const values = [...searches.flatMap(search => search.values), page.maxCount];
    try {
      const rows = this.#database.prepare(statement).all(...values) as Row[];
      return rows.map(row => recordOf<T>(row));
    } catch (error) {
      this.#writer.noteError(error);
      return [];
    }
  }

  #measure(): { lastUsed: number; count: number } {
    const statement = `SELECT coalesce(max(number), 0) AS lastUsed, count(*) AS count FROM ${this.#table.name}`;
    try {
      return this.#database.prepare(statement).get() as { lastUsed: number; count: number };
    } catch (error) {
      this.#writer.noteError(error);
      return { lastUsed: 0, count: 0 };
    }
  }
}

function recordOf<T>(row: Row): HistoryRecord<T> {
  return {
    number: row.number,
    value: readValue(row.value) as T,
    subject: row.subject ?? undefined,
    containers: JSON.parse(row.containers) as string[],
  };
}
