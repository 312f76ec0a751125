import { type ManagedObjectReference, type TaskInfo, untyped } from '../../lib/vim/index.js';
import { reference } from './targets.js';

/** The object that a task made. */
export function resultReference(info: TaskInfo): ManagedObjectReference {
  return reference(untyped(info.result));
}
