import { ManagedObjectReference } from '../../vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../object/managed-object.js';
import type { ListChange } from '../object/object-registry.js';
import { Selection, type SelectionScope } from '../property/selection.js';
import type { Session } from '../session/session.js';
import { downwardTraversals, isContainer } from './inventory-tree.js';

interface OpenFolder {
  readonly selection: Selection;
}

/**
 * The part of the inventory's tree that a client has opened: the root and what is below each open entity. What
 * is under a closed one is not shown, whatever had been opened below it.
 */
export class InventoryView implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = inventoryViewClass;
  readonly #session: Session;
  readonly #scope: SelectionScope;
  readonly #open = new Map<string, OpenFolder>();
  /** How many open entities show it, by moid. */
  readonly #shown = new Map<string, { readonly ref: ManagedObjectReference; count: number }>();

  constructor(root: ManagedObject, session: Session, scope: SelectionScope) {
    this.ref = new ManagedObjectReference('InventoryView', session.newMoid('InventoryView'));
    this.#session = session;
    this.#scope = scope;
    this.#shown.set(root.ref.value, { ref: root.ref, count: 1 });
  }

  destroy(): void {
    for (const { selection } of this.#open.values()) selection.close();
    this.#open.clear();
    this.#session.disown(this);
  }

  view(): ManagedObjectReference[] {
    return [...this.#shown.values()].map(({ ref }) => ref);
  }

  /** Shows what is below the entities. @returns those that the view does not show or that hold nothing */
  open(entities: readonly ManagedObjectReference[]): ManagedObjectReference[] {
    return entities.filter(ref => {
      const { value } = ref;
      const entity = this.#session.sees(ref) ? this.#scope.find(value) : undefined;
      if (entity === undefined || !this.#shown.has(value) || !isContainer(this.#scope.schema, entity))
        return true;
      if (!this.#open.has(value)) this.#openOne(value);
      return false;
    });
  }

  /** @returns those that are not open */
  close(entities: readonly ManagedObjectReference[]): ManagedObjectReference[] {
    return entities.filter(({ value }) => {
      if (!this.#open.has(value)) return true;
      this.#closeOne(value);
      return false;
    });
  }

  #openOne(moid: string): void {
    const added: ManagedObjectReference[] = [];
    const removed: ManagedObjectReference[] = [];
    const selection = new Selection({
      scope: this.#scope,
      registry: this.#session.registry,
      starts: [{ moid, skip: true, traversals: downwardTraversals(false) }],
      events: {
        selected: ({ ref }) => added.push(ref),
        deselected: ({ ref }) => removed.push(ref),
        outdated: () => {
          selection.refresh();
          this.#change(added.splice(0), removed.splice(0));
        },
      },
    });
    this.#open.set(moid, { selection });
    this.#change(added.splice(0), []);
  }

  #closeOne(moid: string): void {
    const folder = this.#open.get(moid);
    if (folder === undefined) return;
    const children = [...folder.selection.objects()].map(child => child.ref);
    folder.selection.close();
    this.#open.delete(moid);
    this.#change([], children);
  }

  #change(added: readonly ManagedObjectReference[], removed: readonly ManagedObjectReference[]): void {
    const change: Required<ListChange> = {
      added: added.filter(ref => this.#show(ref)),
      removed: removed.filter(ref => this.#hide(ref)),
    };
    if (change.added.length + change.removed.length > 0) {
      this.#session.registry.listChanged(this, 'view', change);
    }
    for (const { value } of change.removed) this.#closeOne(value);
  }

  /** @returns whether it was not shown before */
  #show(ref: ManagedObjectReference): boolean {
    const known = this.#shown.get(ref.value);
    if (known !== undefined) known.count += 1;
    else this.#shown.set(ref.value, { ref, count: 1 });
    return known === undefined;
  }

  /** @returns whether it is no longer shown */
  #hide(ref: ManagedObjectReference): boolean {
    const known = this.#shown.get(ref.value);
    if (known === undefined) return false;
    known.count -= 1;
    return known.count === 0 && this.#shown.delete(ref.value);
  }
}

export const inventoryViewClass = defineClass<'InventoryView', InventoryView>('InventoryView', {
  properties: { view: view => view.view() },
  methods: {
    DestroyView: view => view.destroy(),
    OpenInventoryViewFolder: (view, args) => view.open(args.entity),
    CloseInventoryViewFolder: (view, args) => view.close(args.entity),
  },
});
