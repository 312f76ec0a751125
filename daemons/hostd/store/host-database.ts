import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { migrations } from './migrations.js';

/** How long another process that reads the file, such as a backup, is waited for. */
const BUSY_MS = 2_000;

export class HostDatabaseError extends Error {
  override readonly name = 'HostDatabaseError';
  constructor(
    readonly code: 'TooNew',
    readonly details: { readonly path: string; readonly version: number },
  ) {
    super(`${details.path} was written by a newer hostd (form ${details.version})`);
  }
}

/**
 * hostd's SQLite file: tasks, events, permissions, intents. Commits are in the write-ahead log when they return; a
 * commit of {@link HostDatabase.durably} is on the disk.
 */
export class HostDatabase {
  readonly sqlite: Database.Database;

  /** @throws HostDatabaseError TooNew; SqliteError when the file is none of SQLite's */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.sqlite = new Database(path, { timeout: BUSY_MS });
    this.sqlite.pragma('journal_mode = WAL');
    this.sqlite.pragma('synchronous = NORMAL');
    this.sqlite.pragma('foreign_keys = ON');
    this.#migrate(path);
  }

  /** One transaction that a loss of power does not undo. */
  durably<T>(work: () => T): T {
    this.sqlite.pragma('synchronous = FULL');
    try {
      return this.sqlite.transaction(work)();
    } finally {
      this.sqlite.pragma('synchronous = NORMAL');
    }
  }

  close(): void {
    this.sqlite.close();
  }

  /** Brings the file to the newest form, each step whole or not at all. */
  #migrate(path: string): void {
    const version = Number(this.sqlite.pragma('user_version', { simple: true }));
    if (version > migrations.length) throw new HostDatabaseError('TooNew', { path, version });
    for (const [index, statements] of migrations.entries()) {
      if (index < version) continue;
      this.sqlite.transaction(() => {
        this.sqlite.exec(statements);
        this.sqlite.pragma(`user_version = ${index + 1}`);
      })();
    }
  }
}
