import { type Event, type TaskInfo, typeNameOf } from '../../../lib/vim/index.js';
import {
  type EntityCondition,
  type EventCondition,
  type HistoryRecord,
  matchesEvent,
  matchesTask,
  type TaskCondition,
  type UserCondition,
  userOf,
} from '../../../lib/vim-server/index.js';

/** A condition in SQL with the values of its question marks. */
export interface SqlCondition {
  readonly text: string;
  readonly values: readonly (string | number)[];
}

/** How a kind of record lies in its table: number, subject, place and value, and columns to search by. */
export interface HistoryTable<T, C> {
  readonly name: 'event' | 'task';
  readonly columns: readonly string[];
  readonly maxRecords: number;
  columnsOf(value: T): readonly (string | number | null)[];
  /** All that must hold beside one of {@link alternatives}. */
  conditions(condition: C): SqlCondition[];
  /** One of these must hold; each can be found in order by an index. */
  alternatives(condition: C): SqlCondition[];
  matches(condition: C, record: HistoryRecord<T>): boolean;
}

export const eventTable: HistoryTable<Event, EventCondition> = {
  name: 'event',
  columns: ['type', 'created_ms', 'user_name', 'chain_id'],
  maxRecords: 50_000,
  columnsOf: event => [
    typeNameOf(event) ?? 'Event',
    event.createdTime.getTime(),
    event.userName,
    event.chainId,
  ],
  alternatives: ({ entity }) => entityAlternatives(entity),
  conditions: condition => [
    ...userConditions(condition.user),
    ...bounds('created_ms', condition.beginMs, condition.endMs),
    ...(condition.chainId === undefined ? [] : [{ text: 'chain_id = ?', values: [condition.chainId] }]),
    ...(condition.types === undefined ? [] : [oneOf('type', [...condition.types])]),
  ],
  matches: matchesEvent,
};

const timeColumns = {
  queuedTime: 'queued_ms',
  startedTime: 'started_ms',
  completedTime: 'completed_ms',
} as const;

export const taskTable: HistoryTable<TaskInfo, TaskCondition> = {
  name: 'task',
  columns: ['state', 'user_name', 'chain_id', 'queued_ms', 'started_ms', 'completed_ms'],
  maxRecords: 10_000,
  columnsOf: info => [
    info.state,
    userOf(info),
    info.eventChainId,
    info.queueTime.getTime(),
    info.startTime?.getTime() ?? null,
    info.completeTime?.getTime() ?? null,
  ],
  alternatives: ({ entity }) => entityAlternatives(entity),
  conditions: ({ user, time, states, chainIds, isElsewhere }) => [
    ...(isElsewhere === true ? [{ text: '0', values: [] }] : []),
    ...userConditions(user),
    ...(time === undefined ? [] : timeConditions(time)),
    ...(states === undefined ? [] : [oneOf('state', states)]),
    ...(chainIds === undefined ? [] : [oneOf('chain_id', chainIds)]),
  ],
  matches: matchesTask,
};

function timeConditions(time: NonNullable<TaskCondition['time']>): SqlCondition[] {
  const column = timeColumns[time.type];
  return [{ text: `${column} IS NOT NULL`, values: [] }, ...bounds(column, time.beginMs, time.endMs)];
}

function bounds(column: string, beginMs: number | undefined, endMs: number | undefined): SqlCondition[] {
  return [
    ...(beginMs === undefined ? [] : [{ text: `${column} >= ?`, values: [beginMs] }]),
    ...(endMs === undefined ? [] : [{ text: `${column} <= ?`, values: [endMs] }]),
  ];
}

/** Few places are there: one for each list of containers. */
function entityAlternatives(entity: EntityCondition | undefined): SqlCondition[] {
  if (entity === undefined) return [{ text: '1', values: [] }];
  const own = { text: 'subject = ?', values: [entity.moid] };
  const below = {
    text: 'place IN (SELECT place.id FROM place, json_each(place.containers) WHERE json_each.value = ?)',
    values: [entity.moid],
  };
  if (entity.recursion === 'self') return [own];
  if (entity.recursion === 'children') return [below];
  return [own, below];
}

function userConditions(user: UserCondition | undefined): SqlCondition[] {
  if (user === undefined) return [];
  const names = user.names?.filter(name => name !== '');
  if (names !== undefined) return [oneOf('user_name', user.system ? [...names, ''] : names)];
  return [{ text: user.system ? "user_name = ''" : "user_name <> ''", values: [] }];
}

function oneOf(column: string, values: readonly (string | number)[]): SqlCondition {
  return { text: `${column} IN (SELECT value FROM json_each(?))`, values: [JSON.stringify(values)] };
}
