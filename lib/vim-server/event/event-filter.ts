import type { Event, EventFilterSpec, VimSchema } from '../../vim/index.js';
import { typeNameOf } from '../../vim/index.js';
import {
  type EntityCondition,
  isOfEntity,
  isOfUser,
  type UserCondition,
} from '../history/entity-condition.js';
import type { HistoryRecord, HistoryStore } from '../history/history-store.js';
import { categoryOf } from './event-messages.js';

export type EventRecord = HistoryRecord<Event>;
export type EventStore = HistoryStore<Event, EventCondition>;

/** What an EventFilterSpec asks for. A part that is undefined lets everything through. */
export interface EventCondition {
  readonly entity?: EntityCondition | undefined;
  readonly user?: UserCondition | undefined;
  readonly beginMs?: number | undefined;
  readonly endMs?: number | undefined;
  readonly chainId?: number | undefined;
  /** Actual types of the events. */
  readonly types?: ReadonlySet<string> | undefined;
}

/** Alarms, scheduled tasks and tags are VirtualCenter's: nothing that happens here is theirs. */
export function eventCondition(schema: VimSchema, filter: EventFilterSpec): EventCondition {
  const isElsewhere =
    filter.alarm !== undefined || filter.scheduledTask !== undefined || (filter.tag?.length ?? 0) > 0;
  const { entity, time, userName } = filter;
  return {
    entity: entity === undefined ? undefined : { moid: entity.entity.value, recursion: entity.recursion },
    user: userName === undefined ? undefined : { system: userName.systemUser, names: userName.userList },
    beginMs: time?.beginTime?.getTime(),
    endMs: time?.endTime?.getTime(),
    chainId: filter.eventChainId,
    types: isElsewhere ? new Set() : wantedTypes(schema, filter),
  };
}

export function matchesEvent(condition: EventCondition, record: EventRecord): boolean {
  const event = record.value;
  const createdMs = event.createdTime.getTime();
  if (condition.types !== undefined && !condition.types.has(typeNameOf(event) ?? '')) return false;
  if (condition.chainId !== undefined && condition.chainId !== event.chainId) return false;
  if (condition.beginMs !== undefined && createdMs < condition.beginMs) return false;
  if (condition.endMs !== undefined && createdMs > condition.endMs) return false;
  if (condition.user !== undefined && !isOfUser(condition.user, event.userName)) return false;
  return condition.entity === undefined || isOfEntity(condition.entity, record);
}

/** A type stands for those that extend it; later clients write it as vim.event.Type. */
function wantedTypes(schema: VimSchema, filter: EventFilterSpec): Set<string> | undefined {
  const byType = nonEmpty(filter.type);
  const byId = nonEmpty(filter.eventTypeId)?.map(id => id.replace(/^vim\.event\./, ''));
  const byCategory = nonEmpty(filter.category);
  if (byType === undefined && byId === undefined && byCategory === undefined) return undefined;
  const types = schema.typeNames().filter(name => {
    if (byType !== undefined && !byType.some(wanted => schema.isA(name, wanted))) return false;
    if (byId !== undefined && !byId.includes(name)) return false;
    return byCategory === undefined || byCategory.includes(categoryOf(name));
  });
  return new Set(types.filter(name => schema.isA(name, 'Event')));
}

function nonEmpty(list: readonly string[] | undefined): readonly string[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}
