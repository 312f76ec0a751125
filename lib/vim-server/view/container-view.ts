import { ManagedObjectReference, type VimSchema } from '../../vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../object/managed-object.js';
import type { ObjectChange } from '../object/object-registry.js';
import { invalidArgument } from '../object/vim-fault.js';
import type { Session } from '../session/session.js';

/** Which entities a container holds: the inventory's tree, told by whoever has one. */
export interface ContainerRules {
  readonly schema: VimSchema;
  /** Undefined when the object is no container. */
  children(object: ManagedObject): ManagedObject[] | undefined;
}

/** The entities below a container. The list is made when it is read; a change of the inventory is told on. */
export class ContainerView implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = containerViewClass;
  readonly container: ManagedObject;
  readonly types: readonly string[] | undefined;
  readonly recursive: boolean;
  readonly #session: Session;
  readonly #rules: ContainerRules;
  readonly #stopListening: () => void;

  constructor(
    options: {
      moid: string;
      container: ManagedObject;
      types: readonly string[] | undefined;
      recursive: boolean;
    },
    session: Session,
    rules: ContainerRules,
  ) {
    this.ref = new ManagedObjectReference('ContainerView', options.moid);
    this.container = options.container;
    this.types = options.types;
    this.recursive = options.recursive;
    this.#session = session;
    this.#rules = rules;
    if (rules.children(options.container) === undefined) throw invalidArgument('container');
    for (const type of options.types ?? []) if (!rules.schema.isManaged(type)) throw invalidArgument('type');
    this.#stopListening = session.registry.onChange(change => this.#note(change));
  }

  destroy(): void {
    this.#stopListening();
    this.#session.registry.changed(this, 'view');
    this.#session.disown(this);
  }

  view(): ManagedObjectReference[] {
    // A machine is below its folder, its host and its pool; it is listed once.
    const seen = new Set<ManagedObject>();
    const pending = [...(this.#rules.children(this.container) ?? [])].reverse();
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      if (this.recursive) pending.push(...[...(this.#rules.children(next) ?? [])].reverse());
    }
    return [...seen].filter(object => this.#isWanted(object)).map(object => object.ref);
  }

  #isWanted(object: ManagedObject): boolean {
    const { types } = this;
    if (types === undefined || types.length === 0) return true;
    return types.some(type => this.#rules.schema.isA(object.objectClass.typeName, type));
  }

  #note(change: ObjectChange): void {
    if (change.kind === 'modified' || !this.#isWanted(change.object)) return;
    if (this.#rules.schema.isA(change.object.objectClass.typeName, 'ManagedEntity')) {
      this.#session.registry.changed(this, 'view');
    }
  }
}

export const containerViewClass = defineClass<'ContainerView', ContainerView>('ContainerView', {
  properties: {
    container: view => view.container.ref,
    type: view => (view.types === undefined ? undefined : [...view.types]),
    recursive: view => view.recursive,
    view: view => view.view(),
  },
  methods: { DestroyView: view => view.destroy() },
});
