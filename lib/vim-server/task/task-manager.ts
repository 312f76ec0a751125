import { ManagedObjectReference, type TypedValue } from '../../vim/index.js';
import {
  type CallContext,
  defineClass,
  type ManagedObject,
  type ObjectClass,
} from '../object/managed-object.js';
import type { ObjectRegistry } from '../object/object-registry.js';
import type { VimFault } from '../object/vim-fault.js';
import { Task } from './task.js';

export interface TaskRequest {
  readonly entity: ManagedObject & { readonly name: string };
  readonly methodName: string;
  readonly descriptionId: string;
  readonly call: CallContext;
}

export type TaskResult = TypedValue | ManagedObjectReference | undefined;

/** How long a task that is over can still be read, and how many such tasks there may be. */
const keptMs = 10 * 60_000;
const maxKept = 1000;

/** Runs tasks and keeps the recent ones. */
export class TaskManager implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = taskManagerClass;
  readonly #registry: ObjectRegistry;
  readonly #toFault: (error: unknown) => VimFault;
  readonly #recent = new Set<Task>();
  #count = 0;

  /** @param dependencies.toFault how an error of the task's work is told to clients */
  constructor(
    moid: string,
    dependencies: { registry: ObjectRegistry; toFault: (error: unknown) => VimFault },
  ) {
    this.ref = new ManagedObjectReference('TaskManager', moid);
    this.#registry = dependencies.registry;
    this.#toFault = dependencies.toFault;
  }

  recentTasks(entity?: ManagedObject): ManagedObjectReference[] {
    const tasks = [...this.#recent].filter(task => {
      return entity === undefined || task.info.entity?.value === entity.ref.value;
    });
    return tasks.map(task => task.ref);
  }

  /** Begins the work and returns its task at once. */
  start(request: TaskRequest, work: () => Promise<TaskResult>): ManagedObjectReference {
    const task = this.#create(request);
    this.#run(task, work).catch((error: unknown) => {
      // #run reports what the work throws; reaching this is a defect of the report itself.
      process.emitWarning(error instanceof Error ? error : String(error));
    });
    return task.ref;
  }

  async #run(task: Task, work: () => Promise<TaskResult>): Promise<void> {
    task.started();
    try {
      task.succeeded(await work());
    } catch (error) {
      const fault = this.#toFault(error);
      task.failed({ fault: fault.detail, localizedMessage: fault.message });
    }
  }

  #create({ entity, methodName, descriptionId, call }: TaskRequest): Task {
    this.#forgetOld();
    this.#count += 1;
    const key = `haTask-${entity.ref.value}-vim.${descriptionId}-${this.#count}`;
    const userName = call.session?.userName ?? '';
    const spec = { key, eventChainId: this.#count, methodName, descriptionId, userName };
    const task = new Task({ ...spec, entity: entity.ref, entityName: entity.name }, this.#registry);
    this.#recent.add(task);
    this.#registry.add(task);
    this.#registry.changed(this, 'recentTask');
    this.#registry.changed(entity, 'recentTask');
    return task;
  }

  #forgetOld(): void {
    const sinceMs = Date.now() - keptMs;
    for (const task of [...this.#recent]) {
      if (!task.isOver) continue;
      const isOld = (task.info.completeTime?.getTime() ?? 0) < sinceMs;
      if (!isOld && this.#recent.size < maxKept) continue;
      this.#recent.delete(task);
      this.#registry.remove(task);
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
