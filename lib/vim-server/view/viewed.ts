import type { ManagedObjectReference } from '../../vim/index.js';
import type { ManagedObject } from '../object/managed-object.js';
import { invalidArgument } from '../object/vim-fault.js';
import type { Session } from '../session/session.js';

/** A view of any kind. */
export interface View extends ManagedObject {
  view(): ManagedObjectReference[];
}

export function isView(object: ManagedObject): object is View {
  return 'view' in object && typeof object.view === 'function';
}

/**
 * What a view of the session shows now.
 * @throws VimFault ManagedObjectNotFound; InvalidArgument for what is no view
 */
export function viewedBy(session: Session, ref: ManagedObjectReference): ManagedObjectReference[] {
  const view = session.findForRead(ref);
  if (!isView(view)) throw invalidArgument('view');
  return view.view();
}
