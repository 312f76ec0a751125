import { ManagedObjectReference } from '../../vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../object/managed-object.js';
import type { Session } from '../session/session.js';

/** Objects that the client lists itself. Methods return the references that name no object. */
export class ListView implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = listViewClass;
  readonly #session: Session;
  readonly #listed = new Map<string, ManagedObjectReference>();

  constructor(moid: string, session: Session) {
    this.ref = new ManagedObjectReference('ListView', moid);
    this.#session = session;
  }

  destroy(): void {
    this.#session.registry.changed(this, 'view');
    this.#session.disown(this);
  }

  view(): ManagedObjectReference[] {
    return [...this.#listed.values()];
  }

  reset(obj: readonly ManagedObjectReference[]): ManagedObjectReference[] {
    this.#listed.clear();
    return this.modify(obj, []);
  }

  modify(
    add: readonly ManagedObjectReference[],
    remove: readonly ManagedObjectReference[],
  ): ManagedObjectReference[] {
    for (const ref of remove) this.#listed.delete(ref.value);
    const unknown: ManagedObjectReference[] = [];
    for (const ref of add) {
      const object = this.#session.find(ref.value);
      if (object === undefined) unknown.push(ref);
      else this.#listed.set(ref.value, object.ref);
    }
    this.#session.registry.changed(this, 'view');
    return unknown;
  }
}

export const listViewClass = defineClass<'ListView', ListView>('ListView', {
  properties: { view: view => view.view() },
  methods: {
    DestroyView: view => view.destroy(),
    ModifyListView: (view, args) => view.modify(args.add ?? [], args.remove ?? []),
    ResetListView: (view, args) => view.reset(args.obj ?? []),
  },
});
