import type { DataObject, DataTypes, ManagedObjectReference } from '../../vim/index.js';

/** A fault of the VIM API on its way to the client: the typed detail and the text beside it. */
export class VimFault extends Error {
  readonly detail: DataObject;

  constructor(detail: DataObject, message: string) {
    super(message);
    this.name = 'VimFault';
    this.detail = detail;
  }
}

/** Makes a fault of the schema's type with its fields. */
export function vimFault<N extends keyof DataTypes>(
  type: N,
  fields: DataTypes[N],
  message: string,
): VimFault {
  return new VimFault({ ...fields, _type: type }, message);
}

export function invalidArgument(
  property: string,
  message = 'A specified parameter was not correct.',
): VimFault {
  return vimFault('InvalidArgument', { invalidProperty: property }, `${message} ${property}`);
}

export function invalidProperty(name: string): VimFault {
  return vimFault('InvalidProperty', { name }, `The property ${name} does not exist.`);
}

export function notSupported(): VimFault {
  return vimFault('NotSupported', {}, 'The operation is not supported on the object.');
}

export function managedObjectNotFound(obj: ManagedObjectReference): VimFault {
  const message = 'The object has already been deleted or has not been completely created';
  return vimFault('ManagedObjectNotFound', { obj }, message);
}

export function notAuthenticated(object: ManagedObjectReference, privilegeId: string): VimFault {
  return vimFault('NotAuthenticated', { object, privilegeId }, 'The session is not authenticated.');
}

export function noPermission(object: ManagedObjectReference, privilegeId: string): VimFault {
  const message = 'Permission to perform this operation was denied.';
  return vimFault('NoPermission', { object, privilegeId }, message);
}

export function requestCanceled(): VimFault {
  return vimFault('RequestCanceled', {}, 'The request was canceled.');
}
