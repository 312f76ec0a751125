import { closeSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { migrations } from './migrations.js';

/** How long another process that reads the file, such as a backup, is waited for. */
const BUSY_MS = 2_000;

/** How much the write-ahead log keeps on the disk once its content is in the file. */
const WAL_LIMIT_BYTES = 4 * 2 ** 20;

export class HostDatabaseError extends Error {
  override readonly name = 'HostDatabaseError';
  constructor(
    readonly code: 'TooNew',
    readonly details: { readonly path: string; readonly version: number },
  ) {
    super(`${details.path} was written by a newer hostd (form ${details.version})`);
  }
}

export interface HostDatabaseOptions {
  readonly path: string;
  /** Told in a line when the file cannot be used, is set aside, or can be used again. */
  onProblem(problem: string): void;
}

/**
 * hostd's SQLite file: tasks, events, permissions, intents. Commits are in the write-ahead log when they return; a
 * commit of {@link HostDatabase.durably} is on the disk.
 *
 * hostd lives without the file. A broken one is set aside as `.broken` and a new one made; where none can be opened
 * (no space, no permission, a newer form) an empty one in memory stands in until {@link HostDatabase.reopen} succeeds.
 * So {@link HostDatabase.sqlite} may become another object: use {@link HostDatabase.prepare} and keep no statement.
 */
export class HostDatabase {
  readonly #options: HostDatabaseOptions;
  readonly #statements = new Map<string, Database.Statement<unknown[], unknown>>();
  #sqlite: Database.Database;
  #isOnDisk = false;
  #wasSetAside = false;
  readonly #replacedListeners: (() => void)[] = [];

  constructor(options: HostDatabaseOptions) {
    this.#options = options;
    this.#sqlite = this.#openFile() ?? openSqlite(':memory:');
  }

  get sqlite(): Database.Database {
    return this.#sqlite;
  }

  /** False: what is written is lost with the process. */
  get isOnDisk(): boolean {
    return this.#isOnDisk;
  }

  /** A file was found broken since this process began: numbers that it gave are not known any more. */
  get wasSetAside(): boolean {
    return this.#wasSetAside;
  }

  /** Told when {@link HostDatabase.sqlite} has become another one: the file that was away, or a new one for a broken one. */
  onReplaced(listener: () => void): void {
    this.#replacedListeners.push(listener);
  }

  /** A statement, kept by its text. */
  prepare(statement: string): Database.Statement<unknown[], unknown> {
    const known = this.#statements.get(statement);
    if (known !== undefined) return known;
    const prepared = this.#sqlite.prepare<unknown[], unknown>(statement);
    this.#statements.set(statement, prepared);
    return prepared;
  }

  /** One transaction that a loss of power does not undo. */
  durably<T>(work: () => T): T {
    this.#sqlite.pragma('synchronous = FULL');
    try {
      return this.#sqlite.transaction(work)();
    } finally {
      this.#sqlite.pragma('synchronous = NORMAL');
    }
  }

  /** Tries the file again, while there is none. @returns whether there is one now */
  reopen(): boolean {
    if (this.#isOnDisk) return true;
    const opened = this.#openFile();
    if (opened === undefined) return false;
    this.#replace(opened);
    this.#options.onProblem(`${this.#options.path} is in use again`);
    return true;
  }

  /**
   * Looks at an error of a statement: when the file is broken it is set aside and another begun.
   * @returns whether it was
   */
  noteError(error: unknown): boolean {
    if (!this.#isOnDisk || !isBroken(error)) return false;
    this.#closeSqlite();
    this.#isOnDisk = false;
    this.#replace(this.#setAside(error) ?? openSqlite(':memory:'));
    return true;
  }

  close(): void {
    this.#statements.clear();
    this.#sqlite.close();
  }

  #replace(sqlite: Database.Database): void {
    this.#closeSqlite();
    this.#sqlite = sqlite;
    for (const listener of this.#replacedListeners) listener();
  }

  #closeSqlite(): void {
    this.#statements.clear();
    try {
      this.#sqlite.close();
    } catch (error) {
      this.#options.onProblem(`${this.#options.path}: ${messageOf(error)}`);
    }
  }

  #openFile(): Database.Database | undefined {
    const { path, onProblem } = this.#options;
    try {
      mkdirSync(dirname(path), { recursive: true });
      const sqlite = openInNeed(path);
      this.#isOnDisk = true;
      return sqlite;
    } catch (error) {
      if (isBroken(error)) return this.#setAside(error);
      onProblem(`${path} cannot be used, tasks and events are kept in memory: ${messageOf(error)}`);
      return undefined;
    }
  }

  #setAside(cause: unknown): Database.Database | undefined {
    const { path, onProblem } = this.#options;
    try {
      renameSync(path, `${path}.broken`);
      for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
      onProblem(`${path} is broken and now ${path}.broken: ${messageOf(cause)}`);
      const sqlite = openSqlite(path);
      this.#wasSetAside = true;
      this.#isOnDisk = true;
      return sqlite;
    } catch (error) {
      onProblem(`${path} is broken and cannot be made anew: ${messageOf(error)}`);
      return undefined;
    }
  }
}

/** Without space for the log's index the file can still be read, and later be written, by one process alone. */
function openInNeed(path: string): Database.Database {
  try {
    return openSqlite(path);
  } catch (error) {
    if (!(error instanceof Database.SqliteError) || isBroken(error)) throw error;
    return openSqlite(path, 'EXCLUSIVE');
  }
}

/** @throws HostDatabaseError TooNew; SqliteError when the file is none of SQLite's or cannot be written */
function openSqlite(path: string, lockingMode: 'NORMAL' | 'EXCLUSIVE' = 'NORMAL'): Database.Database {
  // Root's alone, as its log and index will be: it tells who may do what and who did.
  if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
  const sqlite = new Database(path, { timeout: BUSY_MS });
  try {
    sqlite.pragma(`locking_mode = ${lockingMode}`);
    sqlite.pragma('journal_mode = WAL');
    sqlite.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
    sqlite.pragma('synchronous = NORMAL');
    sqlite.pragma('foreign_keys = ON');
    migrate(sqlite, path);
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

/** Brings the file to the newest form, each step whole or not at all. */
function migrate(sqlite: Database.Database, path: string): void {
  const version = Number(sqlite.pragma('user_version', { simple: true }));
  if (version > migrations.length) throw new HostDatabaseError('TooNew', { path, version });
  for (const [index, statements] of migrations.entries()) {
    if (index < version) continue;
    sqlite.transaction(() => {
      sqlite.exec(statements);
      sqlite.pragma(`user_version = ${index + 1}`);
    })();
  }
}

function isBroken(error: unknown): boolean {
  if (!(error instanceof Database.SqliteError)) return false;
  return error.code === 'SQLITE_NOTADB' || error.code.startsWith('SQLITE_CORRUPT');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
