import { ManagedObjectReference } from '../../vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../object/managed-object.js';
import type { ChangeFollower, ObjectChange } from '../object/object-registry.js';
import type { Session } from '../session/session.js';
import { viewedBy } from './viewed.js';

/**
 * Objects that the client lists itself; one that is destroyed leaves by itself. Methods return the references
 * that name no object.
 */
export class ListView implements ManagedObject, ChangeFollower {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = listViewClass;
  readonly #session: Session;
  readonly #listed = new Map<string, ManagedObject>();

  constructor(session: Session) {
    this.ref = new ManagedObjectReference('ListView', session.newMoid('ListView'));
    this.#session = session;
  }

  destroy(): void {
    for (const moid of this.#listed.keys()) this.#session.registry.unfollow(moid, this);
    this.#listed.clear();
    this.#session.disown(this);
  }

  view(): ManagedObjectReference[] {
    return [...this.#listed.values()].map(object => object.ref);
  }

  note({ kind, object }: ObjectChange): void {
    if (kind === 'removed' && this.#listed.get(object.ref.value) === object) this.modify([], [object.ref]);
  }

  reset(obj: readonly ManagedObjectReference[]): ManagedObjectReference[] {
    const wanted = new Set(obj.map(ref => ref.value));
    return this.modify(
      obj,
      this.view().filter(ref => !wanted.has(ref.value)),
    );
  }

  /** @throws VimFault InvalidArgument for what is no view */
  resetFrom(view: ManagedObjectReference): void {
    this.reset(viewedBy(this.#session, view));
  }

  modify(
    add: readonly ManagedObjectReference[],
    remove: readonly ManagedObjectReference[],
  ): ManagedObjectReference[] {
    const { registry } = this.#session;
    const removed = remove.filter(ref => this.#listed.delete(ref.value));
    for (const { value } of removed) registry.unfollow(value, this);
    const unknown: ManagedObjectReference[] = [];
    const added: ManagedObjectReference[] = [];
    for (const ref of add) {
      const object = this.#session.sees(ref) ? this.#session.find(ref.value) : undefined;
      if (object === undefined || !this.#session.may(object, 'System.View')) unknown.push(ref);
      else if (this.#listed.get(ref.value) !== object) {
        this.#listed.set(ref.value, object);
        registry.follow(ref.value, this);
        added.push(object.ref);
      }
    }
    if (added.length + removed.length > 0) registry.listChanged(this, 'view', { added, removed });
    return unknown;
  }
}

export const listViewClass = defineClass<'ListView', ListView>('ListView', {
  properties: { view: view => view.view() },
  methods: {
    DestroyView: view => view.destroy(),
    ModifyListView: (view, args) => view.modify(args.add ?? [], args.remove ?? []),
    ResetListView: (view, args) => view.reset(args.obj ?? []),
    ResetListViewFromView: (view, args) => view.resetFrom(args.view),
  },
});
