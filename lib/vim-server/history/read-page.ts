import type { Session } from '../session/session.js';
import type { HistoryRecord, HistoryStore, PageRequest } from './history-store.js';

/** Records that are looked at together while those that the user may not read are left out. */
const chunkCount = 200;

/** What the store has, less what the session's user may not read. */
export function readPage<T, C>(
  { store, session }: { readonly store: HistoryStore<T, C>; readonly session: Session },
  condition: C,
  page: PageRequest,
): HistoryRecord<T>[] {
  const { direction, maxCount } = page;
  if (session.isAdministrator) return store.read(condition, page);
  const found: HistoryRecord<T>[] = [];
  const chunk = Math.max(maxCount, chunkCount);
  for (let from = page.from; ; ) {
    const records = store.read(condition, { direction, from, maxCount: chunk });
    found.push(...records.filter(record => isReadable(session, record)));
    const last = records.at(-1)?.number;
    if (last === undefined || records.length < chunk || found.length >= maxCount) break;
    from = direction === 'newer' ? last : last - 1;
  }
  return found.slice(0, maxCount);
}

/** Who may read the entity may read what happened to it; where it is gone, who may read what held it. */
export function isReadable(session: Session, { subject, containers }: HistoryRecord<unknown>): boolean {
  if (session.isAdministrator) return true;
  for (const moid of [subject ?? '', ...containers]) {
    const object = session.registry.find(moid);
    if (object !== undefined) return session.may(object, 'System.Read');
  }
  return false;
}
