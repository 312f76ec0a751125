import type { TaskFilterSpec, TaskFilterSpecTimeOption, TaskInfo, TaskInfoState } from '../../vim/index.js';
import {
  type EntityCondition,
  isOfEntity,
  isOfUser,
  type UserCondition,
} from '../history/entity-condition.js';
import type { HistoryRecord, HistoryStore } from '../history/history-store.js';

export type TaskRecord = HistoryRecord<TaskInfo>;
export type TaskStore = HistoryStore<TaskInfo, TaskCondition>;

/** What a TaskFilterSpec asks for. A part that is undefined lets everything through. */
export interface TaskCondition {
  readonly entity?: EntityCondition | undefined;
  readonly user?: UserCondition | undefined;
  readonly time?: TaskTimeCondition | undefined;
  readonly states?: readonly TaskInfoState[] | undefined;
  readonly chainIds?: readonly number[] | undefined;
  /** Asks for what no host has, such as the tasks of an alarm. */
  readonly isElsewhere?: boolean | undefined;
}

export interface TaskTimeCondition {
  readonly type: TaskFilterSpecTimeOption;
  readonly beginMs: number | undefined;
  readonly endMs: number | undefined;
}

export function taskCondition(filter: TaskFilterSpec): TaskCondition {
  const { entity, time, userName } = filter;
  const lists = [filter.tag, filter.parentTaskKey, filter.rootTaskKey];
  return {
    entity: entity === undefined ? undefined : { moid: entity.entity.value, recursion: entity.recursion },
    user: userName === undefined ? undefined : { system: userName.systemUser, names: userName.userList },
    time:
      time === undefined
        ? undefined
        : { type: time.timeType, beginMs: time.beginTime?.getTime(), endMs: time.endTime?.getTime() },
    states: filter.state?.length === 0 ? undefined : filter.state,
    chainIds: filter.eventChainId?.length === 0 ? undefined : filter.eventChainId,
    isElsewhere:
      filter.alarm !== undefined ||
      filter.scheduledTask !== undefined ||
      lists.some(list => (list?.length ?? 0) > 0),
  };
}

export function matchesTask(condition: TaskCondition, record: TaskRecord): boolean {
  const info = record.value;
  if (condition.isElsewhere === true) return false;
  if (condition.states !== undefined && !condition.states.includes(info.state)) return false;
  if (condition.chainIds !== undefined && !condition.chainIds.includes(info.eventChainId)) return false;
  if (condition.user !== undefined && !isOfUser(condition.user, userOf(info))) return false;
  if (condition.time !== undefined && !isInTime(condition.time, timeOf(info, condition.time.type)))
    return false;
  return condition.entity === undefined || isOfEntity(condition.entity, record);
}

/** Empty for what the host does by itself. */
export function userOf({ reason }: TaskInfo): string {
  return 'userName' in reason && typeof reason.userName === 'string' ? reason.userName : '';
}

function timeOf(info: TaskInfo, type: TaskFilterSpecTimeOption): Date | undefined {
  if (type === 'queuedTime') return info.queueTime;
  return type === 'startedTime' ? info.startTime : info.completeTime;
}

function isInTime({ beginMs, endMs }: TaskTimeCondition, time: Date | undefined): boolean {
  if (time === undefined) return false;
  const timeMs = time.getTime();
  return (beginMs === undefined || timeMs >= beginMs) && (endMs === undefined || timeMs <= endMs);
}
