import type { Methods } from '../../vim/index.js';
import type { CallContext, ManagedObject, MethodHandler } from '../object/managed-object.js';
import { readProperty } from './read-property.js';

/** Methods that every managed object has. Fetch is how newer pyVmomi reads a property. */
export const commonMethods: ReadonlyMap<string, MethodHandler> = new Map([
  ['Fetch', (self, args, call) => fetchProperty(self, args as Methods['Fetch']['args'], call)],
] satisfies [string, MethodHandler][]);

/** @throws VimFault NotAuthenticated, InvalidProperty, NotSupported */
function fetchProperty(self: ManagedObject, { prop }: Methods['Fetch']['args'], call: CallContext): unknown {
  const { session } = call;
  if (session === undefined) throw new Error('a property was asked for outside a session');
  const object = session.findForRead(self.ref);
  const { schema, context } = session.scope(call.version);
  return readProperty(schema, object, prop, context);
}
