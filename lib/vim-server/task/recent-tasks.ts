import type { ManagedObject } from '../object/managed-object.js';
import type { ObjectRegistry } from '../object/object-registry.js';
import type { Task } from './task.js';

/** How long a task that is over can still be read as an object, and how many such tasks there may be. */
export const recentMs = 10 * 60_000;
const maxRecent = 1000;

/** Tasks that are objects: those that go on, and for a while those that are over. */
export class RecentTasks {
  readonly #registry: ObjectRegistry;
  readonly #tasks = new Set<Task>();
  readonly #ofEntity = new Map<string, Set<Task>>();

  constructor(registry: ObjectRegistry) {
    this.#registry = registry;
  }

  /** @param entityMoid those of this entity only */
  list(entityMoid?: string): Task[] {
    return [...(entityMoid === undefined ? this.#tasks : (this.#ofEntity.get(entityMoid) ?? []))];
  }

  /** @param owner has the property recentTask beside the task's entity */
  add(task: Task, owner: ManagedObject): void {
    this.#forgetOld(owner);
    this.#tasks.add(task);
    const moid = task.info.entity?.value ?? '';
    const ofEntity = this.#ofEntity.get(moid);
    if (ofEntity === undefined) this.#ofEntity.set(moid, new Set([task]));
    else ofEntity.add(task);
    this.#registry.add(task);
    this.#tell(task, owner, 'added');
  }

  /** Tasks end in about the order in which they began: one that is not old ends the search. */
  #forgetOld(owner: ManagedObject): void {
    const sinceMs = Date.now() - recentMs;
    for (const task of this.#tasks) {
      const isTooMany = this.#tasks.size >= maxRecent;
      if (!task.isOver) {
        if (isTooMany) continue;
        return;
      }
      if (!isTooMany && (task.info.completeTime?.getTime() ?? 0) >= sinceMs) return;
      this.#remove(task, owner);
    }
  }

  #remove(task: Task, owner: ManagedObject): void {
    this.#tasks.delete(task);
    const moid = task.info.entity?.value ?? '';
    const ofEntity = this.#ofEntity.get(moid);
    if (ofEntity?.delete(task) === true && ofEntity.size === 0) this.#ofEntity.delete(moid);
    this.#registry.remove(task);
    this.#tell(task, owner, 'removed');
  }

  #tell(task: Task, owner: ManagedObject, change: 'added' | 'removed'): void {
    const entity = this.#registry.find(task.info.entity?.value ?? '');
    for (const object of [owner, entity]) {
      if (object !== undefined) this.#registry.listChanged(object, 'recentTask', { [change]: [task.ref] });
    }
  }
}
