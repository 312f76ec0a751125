import type { ManagedObject } from '../object/managed-object.js';
import { vimFault } from '../object/vim-fault.js';
import type { Session } from '../session/session.js';

/** History collectors of a kind that one session may have. */
export const maxCollectors = 32;

/** @throws VimFault InvalidState when the session has as many collectors of the type as it may */
export function requireCollectorQuota(session: Session, isOfType: (object: ManagedObject) => boolean): void {
  let count = 0;
  for (const object of session.owned()) if (isOfType(object)) count += 1;
  if (count < maxCollectors) return;
  throw vimFault('InvalidState', {}, `A session has at most ${maxCollectors} collectors of a kind.`);
}
