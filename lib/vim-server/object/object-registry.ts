import type { ManagedObject } from './managed-object.js';

export interface ObjectChange {
  readonly object: ManagedObject;
  readonly kind: 'added' | 'removed' | 'modified';
  /** First-level properties whose value may be another one; of a modified object only. */
  readonly properties: readonly string[];
}

export type ChangeListener = (change: ObjectChange) => void;

/** All objects by moid, and who wants to know when one changes. Session-owned objects are in their sessions. */
export class ObjectRegistry {
  readonly #objects = new Map<string, ManagedObject>();
  readonly #listeners = new Set<ChangeListener>();

  find(moid: string): ManagedObject | undefined {
    return this.#objects.get(moid);
  }

  all(): Iterable<ManagedObject> {
    return this.#objects.values();
  }

  add(object: ManagedObject): void {
    this.#objects.set(object.ref.value, object);
    this.#tell({ object, kind: 'added', properties: [] });
  }

  remove(object: ManagedObject): void {
    if (!this.#objects.delete(object.ref.value)) return;
    this.#tell({ object, kind: 'removed', properties: [] });
  }

  /** Says that properties have changed; also for objects that a session owns. */
  changed(object: ManagedObject, ...properties: readonly string[]): void {
    this.#tell({ object, kind: 'modified', properties });
  }

  /** @returns ends the listening */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #tell(change: ObjectChange): void {
    for (const listener of [...this.#listeners]) listener(change);
  }
}
