import type { RunningChanges } from '../../../kernel/abi/index.js';
import { vimFault } from '../../../lib/vim-server/index.js';
import type { HostDatabase } from '../store/host-database.js';
import type { DiskCreation } from '../vm-config/spec/spec-context.js';

/** What an operation will make or delete, written down before the first file is touched. */
export type IntentSubject =
  | {
      readonly kind: 'create';
      readonly vmxPath: string;
      /** Made for this machine, so it goes with it. */
      readonly folder: string | undefined;
      readonly disks: readonly string[];
    }
  | {
      readonly kind: 'reconfigure';
      readonly vmxPath: string;
      /** Of the .vmx that makes the change true. */
      readonly digest: string;
      readonly created: readonly string[];
      readonly destroyed: readonly string[];
      /** Disks made anew over others, which are gone either way. */
      readonly replaced: readonly DiskCreation[];
    }
  /** Of a running machine, by its vmx: it may be done anew. */
  | { readonly kind: 'reconfigureRunning'; readonly vmxPath: string; readonly changes: RunningChanges }
  /** Makes nothing; says whose task it was. */
  | { readonly kind: 'register'; readonly vmxPath: string }
  | {
      readonly kind: 'destroy';
      readonly vmxPath: string;
      readonly disks: readonly string[];
      readonly files: readonly string[];
      readonly folder: string;
    };

export interface Intent {
  readonly id: number;
  readonly subject: IntentSubject;
  /** Event chain of the task whose work it is. */
  readonly chainId: number | undefined;
}

/**
 * Operations under way in hostd's SQLite file: a row is on the disk before the first file is made and goes when the
 * operation is done or undone. A row that nobody of this process works on is of a hostd that died.
 */
export class IntentLog {
  readonly #database: HostDatabase;
  readonly #active = new Set<number>();

  constructor(database: HostDatabase) {
    this.#database = database;
  }

  /** @throws VimFault SystemError when nothing can be written down */
  begin(subject: IntentSubject, chainId: number | undefined): Intent {
    if (!this.#database.reopen()) {
      const reason = 'The database of the host cannot be written';
      throw vimFault('SystemError', { reason }, `${reason}.`);
    }
    return this.#database.durably(() => this.#enter(subject, chainId));
  }

  /**
   * As begin, for an operation that is one write: without a database it is done all the same, and after a loss of power
   * it may be gone. Then only a task that its hostd did not live to end is told of wrongly.
   */
  note(subject: IntentSubject, chainId: number | undefined): Intent | undefined {
    return this.#database.isOnDisk ? this.#enter(subject, chainId) : undefined;
  }

  /** Done or undone. */
  end({ id }: Intent): void {
    this.#database.prepare('DELETE FROM intent WHERE id = ?').run(id);
    this.#active.delete(id);
  }

  /** Nobody works on it any more, and it is neither done nor undone. */
  abandon({ id }: Intent): void {
    this.#active.delete(id);
  }

  /** What was begun and is nobody's, in the order of beginning; each is now this caller's. */
  adopt(): Intent[] {
    const found = this.#all().filter(({ id }) => !this.#active.has(id));
    for (const { id } of found) this.#active.add(id);
    return found;
  }

  /** The operation of a task that is neither done nor undone. */
  ofTask(chainId: number): Intent | undefined {
    return this.#all().find(intent => intent.chainId === chainId);
  }

  #enter(subject: IntentSubject, chainId: number | undefined): Intent {
    const insert = this.#database.prepare(
      "INSERT INTO intent (kind, subject, state, begun_ms) VALUES (?, ?, 'begun', ?)",
    );
    const text = JSON.stringify({ chainId, ...subject });
    const id = Number(insert.run(subject.kind, text, Date.now()).lastInsertRowid);
    this.#active.add(id);
    return { id, subject, chainId };
  }

  #all(): Intent[] {
    const rows = this.#database.prepare('SELECT id, subject FROM intent ORDER BY id').all() as {
      id: number;
      subject: string;
    }[];
    return rows.map(({ id, subject: text }) => {
      const { chainId, ...subject } = JSON.parse(text) as IntentSubject & { chainId?: number };
      return { id, subject, chainId };
    });
  }
}
