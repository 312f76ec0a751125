import { ManagedObjectReference, type TaskInfo, type TypedValue } from '../../vim/index.js';
import type { EventManager, EventPlaces } from '../event/event-manager.js';
import {
  type CallContext,
  defineClass,
  type ManagedObject,
  type ObjectClass,
} from '../object/managed-object.js';
import type { ObjectRegistry } from '../object/object-registry.js';
import type { VimFault } from '../object/vim-fault.js';
import { queuedTask, Task } from './task.js';
import type { TaskControl } from './task-control.js';
import type { TaskRecord, TaskStore } from './task-filter.js';

export interface TaskRequest {
  readonly entity: ManagedObject & { readonly name: string };
  readonly methodName: string;
  readonly descriptionId: string;
  /** Undefined: the host does it by itself. */
  readonly call: CallContext | undefined;
}

export type TaskResult = TypedValue | ManagedObjectReference | undefined;
export type TaskWork = (control: TaskControl) => Promise<TaskResult>;
export type TaskListener = (record: TaskRecord) => void;

export interface TaskManagerDependencies {
  readonly registry: ObjectRegistry;
  readonly events: EventManager;
  readonly places: EventPlaces;
  readonly store: TaskStore;
  /** How an error of the task's work is told to clients. */
  toFault(error: unknown): VimFault;
}

/** How long a task that is over can still be read, and how many such tasks there may be. */
const keptMs = 10 * 60_000;
const maxKept = 1000;

/** Runs tasks and keeps the recent ones as objects; the store keeps what became of all. */
export class TaskManager implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = taskManagerClass;
  readonly dependencies: TaskManagerDependencies;
  readonly #recent = new Set<Task>();
  readonly #listeners = new Set<TaskListener>();

  constructor(moid: string, dependencies: TaskManagerDependencies) {
    this.ref = new ManagedObjectReference('TaskManager', moid);
    this.dependencies = dependencies;
  }

  recentTasks(entity?: ManagedObject): ManagedObjectReference[] {
    const tasks = [...this.#recent].filter(task => {
      return entity === undefined || task.info.entity?.value === entity.ref.value;
    });
    return tasks.map(task => task.ref);
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
    this.#forgetOld();
    const { store, places, registry, events } = this.dependencies;
    const number = store.takeNumber();
    const key = `haTask-${entity.ref.value}-vim.${descriptionId}-${number}`;
    const { userName } = call?.session ?? {};
    const about = { entity: entity.ref, entityName: entity.name, userName };
    const eventChainId = events.takeKey();
    const info = queuedTask({ key, eventChainId, methodName, descriptionId, ...about });
    const kept = { number, subject: entity.ref.value, containers: places.containersOf(entity.ref) };
    const task = new Task(info, changed => this.#changed(changed, { ...kept, value: changed.info }));
    this.#recent.add(task);
    registry.add(task);
    registry.changed(this, 'recentTask');
    registry.changed(entity, 'recentTask');
    this.#keep({ ...kept, value: info });
    this.#postTaskEvent(info, { entity, userName });
    return task;
  }

  /** The first event of the task's chain, and so the one that names the chain. */
  #postTaskEvent(info: TaskInfo, cause: Parameters<EventManager['postNumbered']>[2]): void {
    this.dependencies.events.postNumbered(info.eventChainId, { _type: 'TaskEvent', info }, cause);
  }

  #changed(task: Task, record: TaskRecord): void {
    this.dependencies.registry.changed(task, 'info');
    this.#keep(record);
  }

  #keep(record: TaskRecord): void {
    this.dependencies.store.put(record);
    for (const listener of [...this.#listeners]) listener(record);
  }

  #forgetOld(): void {
    const sinceMs = Date.now() - keptMs;
    for (const task of [...this.#recent]) {
      if (!task.isOver) continue;
      const isOld = (task.info.completeTime?.getTime() ?? 0) < sinceMs;
      if (!isOld && this.#recent.size < maxKept) continue;
      this.#recent.delete(task);
      this.dependencies.registry.remove(task);
    }
  }
}

export const taskManagerClass = defineClass<'TaskManager', TaskManager>('TaskManager', {
  properties: {
    recentTask: manager => manager.recentTasks(),
    maxCollector: () => 32,
  },
  methods: {},
});
