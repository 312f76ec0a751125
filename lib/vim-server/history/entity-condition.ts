import type { HistoryRecord } from './history-store.js';

/** An entity, what is below it, or both. */
export interface EntityCondition {
  readonly moid: string;
  readonly recursion: 'self' | 'children' | 'all';
}

/** Users by name; the system's own doings are those of nobody. */
export interface UserCondition {
  readonly system: boolean;
  /** Undefined: every user who is not the system. */
  readonly names: readonly string[] | undefined;
}

export function isOfEntity(condition: EntityCondition, record: HistoryRecord<unknown>): boolean {
  const { moid, recursion } = condition;
  if (recursion !== 'children' && record.subject === moid) return true;
  return recursion !== 'self' && record.containers.includes(moid);
}

export function isOfUser(condition: UserCondition, userName: string): boolean {
  if (userName === '') return condition.system;
  return condition.names === undefined ? !condition.system : condition.names.includes(userName);
}
