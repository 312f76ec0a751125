import type { EventStore, TaskStore } from '../../../lib/vim-server/index.js';
import { eventTable, taskTable } from './history-tables.js';
import { HistoryWriter } from './history-writer.js';
import type { HostDatabase } from './host-database.js';
import { SqliteHistory } from './sqlite-history.js';

/** The host's events and tasks in its SQLite file. */
export class HostHistory {
  readonly events: EventStore & { close(): void };
  readonly tasks: TaskStore & { close(): void };
  readonly #writer: HistoryWriter;

  constructor(database: HostDatabase, onProblem: (problem: string) => void) {
    this.#writer = new HistoryWriter(database, onProblem);
    this.events = new SqliteHistory(eventTable, { database, writer: this.#writer });
    this.tasks = new SqliteHistory(taskTable, { database, writer: this.#writer });
  }

  /** Writes what waits; the database is closed by who opened it. */
  close(): void {
    this.#writer.close();
    this.events.close();
    this.tasks.close();
  }
}
