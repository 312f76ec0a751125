import {
  ManagedObjectReference,
  type TaskFilterSpec,
  type TaskInfo,
  type TypedValue,
  type VimSchema,
} from '../../vim/index.js';
import type { EventManager, EventPlaces } from '../event/event-manager.js';
import { maxCollectors, requireCollectorQuota } from '../history/collector-quota.js';
import {
  type CallContext,
  defineClass,
  type ManagedObject,
  type ObjectClass,
} from '../object/managed-object.js';
import type { ObjectRegistry } from '../object/object-registry.js';
import { type VimFault, vimFault } from '../object/vim-fault.js';
import { sessionOf } from '../session/session-of.js';
import { RecentTasks, recentMs } from './recent-tasks.js';
import { queuedTask, Task } from './task.js';
import type { TaskControl } from './task-control.js';
import { taskDescription, taskLabels } from './task-description.js';
import { matchesTask, type TaskRecord, type TaskStore } from './task-filter.js';
import { TaskHistoryCollector } from './task-history-collector.js';

export interface TaskRequest {
  readonly entity: ManagedObject & { readonly name: string };
  readonly methodName: string;
  readonly descriptionId: string;
  /** Undefined: the host does it by itself. */
  readonly call: CallContext | undefined;
}

export type TaskResult = TypedValue | ManagedObjectReference | undefined;
export type TaskWork = (control: TaskControl) => Promise<TaskResult>;
/** How the work of a task ended, as something else than its own process knows. */
export type TaskOutcome = { readonly result: TaskResult } | { readonly error: VimFault };
/** `later`: it cannot be told yet; undefined: nobody will know. */
export type OutcomeOf = (info: TaskInfo) => TaskOutcome | 'later' | undefined;
export type TaskListener = (record: TaskRecord) => void;

export interface TaskManagerDependencies {
  readonly schema: VimSchema;
  readonly registry: ObjectRegistry;
  readonly events: EventManager;
  readonly places: EventPlaces;
  readonly store: TaskStore;
  /** How an error of the task's work is told to clients. */
  toFault(error: unknown): VimFault;
}

/** Tasks that are looked at after a restart: more cannot have been unfinished or recent. */
const maxRestored = 10_000;

/** Runs tasks and keeps the recent ones as objects; the store keeps what became of all. */
export class TaskManager implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = taskManagerClass;
  readonly dependencies: TaskManagerDependencies;
  readonly #recent: RecentTasks;
  readonly #listeners = new Set<TaskListener>();
  readonly #unsettled = new Set<Task>();
  readonly #labels: (descriptionId: string) => string;

  constructor(moid: string, dependencies: TaskManagerDependencies) {
    this.ref = new ManagedObjectReference('TaskManager', moid);
    this.dependencies = dependencies;
    this.#recent = new RecentTasks(dependencies.registry);
    this.#labels = taskLabels(dependencies.schema);
  }

  recentTasks(entity?: ManagedObject): ManagedObjectReference[] {
    return this.#recent.list(entity?.ref.value).map(task => task.ref);
  }

  /** Begins the work and returns its task at once. */
  start(request: TaskRequest, work: TaskWork): ManagedObjectReference {
    const task = this.#create(request);
    this.#run(task, work, request).catch((error: unknown) => {
      // #run reports what the work throws; reaching this is a defect of the report itself.
      process.emitWarning(error instanceof Error ? error : String(error));
    });
    return task.ref;
  }

  /**
   * Takes over the tasks of an earlier process, once, before anybody is served: those that were not over end as
   * `outcomeOf` knows, else as failed; of those that it cannot tell of yet {@link TaskManager.settle} asks again. The
   * recent ones are objects again.
   */
  restore(outcomeOf: OutcomeOf): void {
    const { store } = this.dependencies;
    const page = { direction: 'newer', from: 0, maxCount: maxRestored } as const;
    for (const record of store.read({ states: ['queued', 'running'] }, page)) {
      this.#unsettled.add(this.#asObject(record));
    }
    this.settle(outcomeOf);
    const time = { type: 'completedTime', beginMs: Date.now() - recentMs, endMs: undefined } as const;
    for (const record of store.read({ time }, page)) {
      if (this.dependencies.registry.find(record.value.key) === undefined) this.#asObject(record);
    }
  }

  /** Whether tasks of an earlier process go on because nobody could tell of their end. */
  get hasUnsettled(): boolean {
    return this.#unsettled.size > 0;
  }

  /** Ends tasks of an earlier process whose outcome is known by now. */
  settle(outcomeOf: OutcomeOf): void {
    for (const task of this.#unsettled) {
      const outcome = outcomeOf(task.info) ?? { error: interrupted() };
      if (outcome === 'later') continue;
      this.#unsettled.delete(task);
      if ('error' in outcome) {
        task.failed({ fault: outcome.error.detail, localizedMessage: outcome.error.message });
      } else task.succeeded(outcome.result);
    }
  }

  /** @throws VimFault InvalidState when the session has as many as it may */
  createCollector(filter: TaskFilterSpec, call: CallContext): ManagedObjectReference {
    const session = sessionOf(call);
    requireCollectorQuota(session, object => object instanceof TaskHistoryCollector);
    const collector = new TaskHistoryCollector(filter, session, {
      store: this.dependencies.store,
      matches: matchesTask,
      listen: listener => this.onTask(listener),
    });
    session.own(collector);
    return collector.ref;
  }

  /** Told each time a task begins or changes. @returns ends the listening */
  onTask(listener: TaskListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async #run(task: Task, work: TaskWork, { call, entity }: TaskRequest): Promise<void> {
    task.started();
    const { signal } = task;
    const { userName } = call?.session ?? {};
    const control: TaskControl = {
      signal,
      cause: { entity, userName, chainId: task.info.eventChainId },
      progress: percent => task.progress(percent),
      allowCancel: () => task.setCancelable(true),
      forbidCancel: () => {
        signal.throwIfAborted();
        task.setCancelable(false);
      },
    };
    try {
      task.succeeded(await work(control));
    } catch (error) {
      const wasCanceled = signal.aborted && error instanceof Error && error.name === 'AbortError';
      const fault = this.dependencies.toFault(wasCanceled ? signal.reason : error);
      task.failed({ fault: fault.detail, localizedMessage: fault.message });
    }
  }

  #create({ entity, methodName, descriptionId, call }: TaskRequest): Task {
    const { store, places, events } = this.dependencies;
    const number = store.takeNumber();
    const key = `haTask-${entity.ref.value}-vim.${descriptionId}-${number}`;
    const { userName } = call?.session ?? {};
    const about = { entity: entity.ref, entityName: entity.name, userName };
    const eventChainId = events.takeKey();
    const info = queuedTask({ key, eventChainId, methodName, descriptionId, ...about });
    const kept = { number, subject: entity.ref.value, containers: places.containersOf(entity.ref) };
    const task = this.#asObject({ ...kept, value: info });
    this.#keep({ ...kept, value: info });
    this.#postTaskEvent(info, { entity, userName });
    return task;
  }

  #asObject(record: TaskRecord): Task {
    const task = new Task(record.value, ({ info }) => this.#changed(task, { ...record, value: info }));
    this.#recent.add(task, this);
    return task;
  }

  /** The first event of the task's chain, and so the one that names the chain. */
  #postTaskEvent(info: TaskInfo, cause: Parameters<EventManager['postNumbered']>[2]): void {
    const label = this.#labels(info.descriptionId);
    const text = `Task: ${label}${info.entityName === undefined ? '' : ` on ${info.entityName}`}`;
    const fields = { _type: 'TaskEvent', info, fullFormattedMessage: text };
    this.dependencies.events.postNumbered(info.eventChainId, fields, cause);
  }

  #changed(task: Task, record: TaskRecord): void {
    this.dependencies.registry.changed(task, 'info');
    this.#keep(record);
  }

  #keep(record: TaskRecord): void {
    this.dependencies.store.put(record);
    for (const listener of [...this.#listeners]) listener(record);
  }
}

function interrupted(): VimFault {
  const reason = 'The management server ended before the task did.';
  return vimFault('SystemError', { reason }, reason);
}

export const taskManagerClass = defineClass<'TaskManager', TaskManager>('TaskManager', {
  properties: {
    recentTask: manager => manager.recentTasks(),
    maxCollector: () => maxCollectors,
    description: ({ dependencies }) => taskDescription(dependencies.schema),
  },
  methods: {
    CreateCollectorForTasks: (manager, { filter }, call) => manager.createCollector(filter, call),
  },
});
