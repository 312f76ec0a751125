import type { ManagedObjectReference } from '../../vim/index.js';
import type { ManagedObject } from '../object/managed-object.js';
import type { ListChange, ObjectRegistry } from '../object/object-registry.js';
import { Selection, type SelectionScope } from '../property/selection.js';
import { downwardTraversals } from './inventory-tree.js';

export interface ContainerQuestion {
  readonly container: ManagedObject;
  /** Only entities of one of these types; of any when there is none. */
  readonly types: readonly string[];
  readonly recursive: boolean;
}

/**
 * The entities below a container, kept true as the inventory changes. Views of all sessions that ask the same
 * share one.
 */
export class ContainerContents {
  readonly #scope: SelectionScope;
  readonly #types: readonly string[];
  readonly #members = new Map<string, ManagedObjectReference>();
  readonly #selection: Selection;
  readonly #listeners = new Set<(change: ListChange) => void>();
  #added: ManagedObjectReference[] = [];
  #removed: ManagedObjectReference[] = [];

  constructor(
    { container, types, recursive }: ContainerQuestion,
    scope: SelectionScope,
    registry: ObjectRegistry,
  ) {
    this.#scope = scope;
    this.#types = types;
    const start = { moid: container.ref.value, skip: true, traversals: downwardTraversals(recursive) };
    this.#selection = new Selection({
      scope,
      registry,
      starts: [start],
      events: {
        selected: object => this.#add(object),
        deselected: object => this.#remove(object),
        outdated: () => this.#update(),
      },
    });
    this.#added = [];
  }

  members(): ManagedObjectReference[] {
    return [...this.#members.values()];
  }

  /** @returns ends the listening; whoever ends it last ends the contents */
  listen(listener: (change: ListChange) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#selection.close();
      this.#members.clear();
    };
  }

  get isFollowed(): boolean {
    return this.#listeners.size > 0;
  }

  #isWanted({ objectClass }: ManagedObject): boolean {
    const { schema } = this.#scope;
    return this.#types.length === 0 || this.#types.some(type => schema.isA(objectClass.typeName, type));
  }

  #add(object: ManagedObject): void {
    if (!this.#isWanted(object)) return;
    this.#members.set(object.ref.value, object.ref);
    this.#added.push(object.ref);
  }

  #remove(object: ManagedObject): void {
    if (this.#members.delete(object.ref.value)) this.#removed.push(object.ref);
  }

  #update(): void {
    this.#selection.refresh();
    const change = { added: this.#added, removed: this.#removed };
    this.#added = [];
    this.#removed = [];
    if (change.added.length + change.removed.length === 0) return;
    for (const listener of [...this.#listeners]) listener(change);
  }
}
