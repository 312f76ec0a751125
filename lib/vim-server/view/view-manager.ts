import { ManagedObjectReference } from '../../vim/index.js';
import {
  type CallContext,
  defineClass,
  type ManagedObject,
  type ObjectClass,
} from '../object/managed-object.js';
import { managedObjectNotFound } from '../object/vim-fault.js';
import { type ContainerRules, ContainerView } from './container-view.js';
import { ListView } from './list-view.js';

/** Makes views; each belongs to the session that asked for it. */
export class ViewManager implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = viewManagerClass;
  readonly #rules: ContainerRules;

  constructor(moid: string, rules: ContainerRules) {
    this.ref = new ManagedObjectReference('ViewManager', moid);
    this.#rules = rules;
  }

  createContainerView(
    args: { container: ManagedObjectReference; type?: string[] | undefined; recursive: boolean },
    call: CallContext,
  ): ManagedObjectReference {
    const session = sessionOf(call);
    const container = session.find(args.container.value);
    if (container === undefined) throw managedObjectNotFound(args.container);
    const options = {
      moid: session.newMoid('ContainerView'),
      container,
      types: args.type,
      recursive: args.recursive,
    };
    const view = new ContainerView(options, session, this.#rules);
    session.own(view);
    return view.ref;
  }

  createListView(obj: readonly ManagedObjectReference[], call: CallContext): ManagedObjectReference {
    const session = sessionOf(call);
    const view = new ListView(session.newMoid('ListView'), session);
    view.reset(obj);
    session.own(view);
    return view.ref;
  }
}

function sessionOf(call: CallContext): NonNullable<CallContext['session']> {
  if (call.session === undefined) throw new Error('a view was asked for outside a session');
  return call.session;
}

export const viewManagerClass = defineClass<'ViewManager', ViewManager>('ViewManager', {
  properties: {},
  methods: {
    CreateContainerView: (manager, args, call) => manager.createContainerView(args, call),
    CreateListView: (manager, args, call) => manager.createListView(args.obj ?? [], call),
  },
});
