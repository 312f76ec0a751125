import type { CallContext } from '../object/managed-object.js';
import type { Session } from './session.js';

/** The caller's session, where a method's privilege says that there is one. */
export function sessionOf(call: CallContext): Session {
  if (call.session === undefined) throw new Error('a method was called outside a session');
  return call.session;
}
