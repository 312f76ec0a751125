import { ManagedObjectReference, TypedValue } from '../../vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../object/managed-object.js';
import { invalidArgument } from '../object/vim-fault.js';
import type { Session } from '../session/session.js';
import { type HistoryRecord, type HistoryStore, newestPlace } from './history-store.js';
import { isReadable, readPage } from './read-page.js';

/** Items of the viewable latest page until the client says otherwise, and the most that a page can have. */
const defaultPageSize = 10;
export const maxPageSize = 1000;

export interface HistorySource<T, C> {
  readonly store: HistoryStore<T, C>;
  matches(condition: C, record: HistoryRecord<T>): boolean;
  /** @returns ends the listening */
  listen(listener: (record: HistoryRecord<T>) => void): () => void;
}

/**
 * A client's look at the past: the latest page, which follows what happens, and a scrollable view, which is a place
 * between two items. It belongs to its session.
 */
export abstract class HistoryCollector<T, C> implements ManagedObject {
  readonly ref: ManagedObjectReference;
  abstract readonly objectClass: ObjectClass;
  readonly filter: TypedValue;
  readonly #session: Session;
  readonly #source: HistorySource<T, C>;
  readonly #condition: C;
  readonly #stopListening: () => void;
  #pageSize = defaultPageSize;
  /** Newest first; undefined: to be read. */
  #latest: HistoryRecord<T>[] | undefined;
  /** Items up to this number are before the place of the scrollable view. */
  #place = 0;

  constructor(
    spec: {
      readonly type: string;
      readonly filterType: string;
      readonly filter: object;
      readonly condition: C;
    },
    session: Session,
    source: HistorySource<T, C>,
  ) {
    this.ref = new ManagedObjectReference(spec.type, session.newMoid(spec.type));
    this.filter = new TypedValue(spec.filterType, false, spec.filter);
    this.#condition = spec.condition;
    this.#session = session;
    this.#source = source;
    this.#stopListening = source.listen(record => this.#note(record));
  }

  /** The newest items, the newest first. */
  latestPage(): T[] {
    return this.#readLatest().map(record => record.value);
  }

  /** The items after the place, the oldest first; the place moves behind them. */
  readNext(maxCount: number): T[] {
    const records = this.#read('newer', this.#place, checkedCount(maxCount));
    this.#place = records.at(-1)?.number ?? this.#place;
    return records.map(record => record.value);
  }

  /** The items before the place, the newest first; the place moves before them. */
  readPrevious(maxCount: number): T[] {
    const records = this.#read('older', this.#place, checkedCount(maxCount));
    const oldest = records.at(-1);
    if (oldest !== undefined) this.#place = oldest.number - 1;
    return records.map(record => record.value);
  }

  /** To before the oldest item. */
  rewind(): void {
    this.#place = 0;
  }

  /** To just before the latest page. */
  reset(): void {
    const oldest = this.#readLatest().at(-1);
    this.#place = oldest === undefined ? 0 : oldest.number - 1;
  }

  setPageSize(maxCount: number): void {
    this.#pageSize = checkedCount(maxCount);
    this.#latest = undefined;
    this.#session.registry.changed(this, 'latestPage');
  }

  destroy(): void {
    this.#stopListening();
    this.#session.disown(this);
  }

  #readLatest(): HistoryRecord<T>[] {
    this.#latest ??= this.#read('older', newestPlace, this.#pageSize);
    return this.#latest;
  }

  #read(direction: 'newer' | 'older', from: number, maxCount: number): HistoryRecord<T>[] {
    const source = { store: this.#source.store, session: this.#session };
    return readPage(source, this.#condition, { direction, from, maxCount });
  }

  #note(record: HistoryRecord<T>): void {
    const index = this.#latest?.findIndex(known => known.number === record.number) ?? -1;
    const matches = this.#source.matches(this.#condition, record) && isReadable(this.#session, record);
    if (!matches && index === -1) return;
    if (this.#latest !== undefined) this.#latest = this.#nextLatest(this.#latest, { record, index, matches });
    this.#session.registry.changed(this, 'latestPage');
  }

  /** Undefined where only the store knows what moves up: an item has left, or an old one came. */
  #nextLatest(
    latest: readonly HistoryRecord<T>[],
    { record, index, matches }: { record: HistoryRecord<T>; index: number; matches: boolean },
  ): HistoryRecord<T>[] | undefined {
    if (!matches) return undefined;
    if (index !== -1) return latest.with(index, record);
    if (record.number < (latest[0]?.number ?? 0)) return undefined;
    return [record, ...latest].slice(0, this.#pageSize);
  }
}

function checkedCount(maxCount: number): number {
  if (maxCount < 1 || maxCount > maxPageSize) throw invalidArgument('maxCount');
  return maxCount;
}

export const historyCollectorClass: ObjectClass = defineClass<
  'HistoryCollector',
  HistoryCollector<unknown, unknown>
>('HistoryCollector', {
  properties: { filter: collector => collector.filter },
  methods: {
    SetCollectorPageSize: (collector, { maxCount }) => collector.setPageSize(maxCount),
    RewindCollector: collector => collector.rewind(),
    ResetCollector: collector => collector.reset(),
    DestroyCollector: collector => collector.destroy(),
  },
});
