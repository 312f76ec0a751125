import { ManagedObjectReference } from '../../vim/index.js';
import {
  type CallContext,
  defineClass,
  type ManagedObject,
  type ObjectClass,
} from '../object/managed-object.js';
import type { ObjectRegistry } from '../object/object-registry.js';
import { invalidArgument } from '../object/vim-fault.js';
import type { SelectionScope } from '../property/selection.js';
import type { Session } from '../session/session.js';
import { sessionOf } from '../session/session-of.js';
import { ContainerContents, type ContainerQuestion } from './container-contents.js';
import { ContainerView } from './container-view.js';
import { isContainer } from './inventory-tree.js';
import { InventoryView } from './inventory-view.js';
import { ListView } from './list-view.js';
import { isView, viewedBy } from './viewed.js';

export interface ViewManagerDependencies {
  readonly registry: ObjectRegistry;
  /** The whole inventory. */
  readonly scope: SelectionScope;
  /** moid of the top of the inventory. */
  readonly rootMoid: string;
}

interface CreateContainerViewArgs {
  readonly container: ManagedObjectReference;
  readonly type?: readonly string[] | undefined;
  readonly recursive: boolean;
}

/** Makes views; each belongs to the session that asked for it. */
export class ViewManager implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = viewManagerClass;
  readonly #dependencies: ViewManagerDependencies;
  readonly #contents = new Map<string, ContainerContents>();

  constructor(moid: string, dependencies: ViewManagerDependencies) {
    this.ref = new ManagedObjectReference('ViewManager', moid);
    this.#dependencies = dependencies;
  }

  /** @throws VimFault ManagedObjectNotFound; InvalidArgument for what holds nothing and for unknown types */
  createContainerView(args: CreateContainerViewArgs, call: CallContext): ManagedObjectReference {
    const session = sessionOf(call);
    const { schema } = this.#dependencies.scope;
    const container = session.findForRead(args.container);
    if (!isContainer(schema, container)) throw invalidArgument('container');
    const types = args.type ?? [];
    for (const type of types) if (!schema.isManaged(type)) throw invalidArgument('type');
    const question = { container, types, recursive: args.recursive };
    return ownView(session, new ContainerView(question, session, this.#contentsOf(question)));
  }

  createInventoryView(call: CallContext): ManagedObjectReference {
    const session = sessionOf(call);
    const { scope, rootMoid } = this.#dependencies;
    const root = scope.find(rootMoid);
    if (root === undefined) throw new Error('the inventory has no root');
    return ownView(session, new InventoryView(root, session, scope));
  }

  createListView(obj: readonly ManagedObjectReference[], call: CallContext): ManagedObjectReference {
    const session = sessionOf(call);
    const view = new ListView(session);
    view.reset(obj);
    return ownView(session, view);
  }

  /** @throws VimFault InvalidArgument for what is no view */
  createListViewFrom(view: ManagedObjectReference, call: CallContext): ManagedObjectReference {
    return this.createListView(viewedBy(sessionOf(call), view), call);
  }

  #contentsOf(question: ContainerQuestion): ContainerContents {
    const { registry, scope } = this.#dependencies;
    for (const [key, contents] of this.#contents) if (!contents.isFollowed) this.#contents.delete(key);
    const types = [...new Set(question.types)].sort();
    const key = [question.container.ref.value, question.recursive, ...types].join(' ');
    const known = this.#contents.get(key);
    if (known !== undefined) return known;
    const contents = new ContainerContents(question, scope, registry);
    this.#contents.set(key, contents);
    return contents;
  }
}

function ownView(session: Session, view: ManagedObject & { destroy(): void }): ManagedObjectReference {
  try {
    session.own(view);
  } catch (error) {
    view.destroy();
    throw error;
  }
  return view.ref;
}

export const viewManagerClass = defineClass<'ViewManager', ViewManager>('ViewManager', {
  properties: {
    viewList: (_, { session }) => [...(session?.owned() ?? [])].filter(isView).map(view => view.ref),
  },
  methods: {
    CreateContainerView: (manager, args, call) => manager.createContainerView(args, call),
    CreateInventoryView: (manager, _, call) => manager.createInventoryView(call),
    CreateListView: (manager, args, call) => manager.createListView(args.obj ?? [], call),
    CreateListViewFromView: (manager, args, call) => manager.createListViewFrom(args.view, call),
  },
});
