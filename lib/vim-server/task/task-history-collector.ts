import type { TaskFilterSpec, TaskInfo } from '../../vim/index.js';
import { HistoryCollector, type HistorySource, historyCollectorClass } from '../history/history-collector.js';
import { defineClass, type ObjectClass } from '../object/managed-object.js';
import type { Session } from '../session/session.js';
import { type TaskCondition, taskCondition } from './task-filter.js';

export class TaskHistoryCollector extends HistoryCollector<TaskInfo, TaskCondition> {
  override readonly objectClass: ObjectClass = taskHistoryCollectorClass;

  constructor(filter: TaskFilterSpec, session: Session, source: HistorySource<TaskInfo, TaskCondition>) {
    const type = 'TaskHistoryCollector';
    super({ type, filterType: 'TaskFilterSpec', filter, condition: taskCondition(filter) }, session, source);
  }
}

export const taskHistoryCollectorClass = defineClass<'TaskHistoryCollector', TaskHistoryCollector>(
  'TaskHistoryCollector',
  {
    properties: { latestPage: collector => collector.latestPage() },
    methods: {
      ReadNextTasks: (collector, { maxCount }) => collector.readNext(maxCount),
      ReadPreviousTasks: (collector, { maxCount }) => collector.readPrevious(maxCount),
    },
  },
  historyCollectorClass,
);
