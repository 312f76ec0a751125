import type { ManagedObjectReference, ManagedTypes } from '../../../lib/vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../../../lib/vim-server/index.js';

/** An object that the product has and this host does not have yet: it is there, and answers NotSupported. */
export class UnbuiltObject implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass;

  constructor(ref: ManagedObjectReference, typeName: keyof ManagedTypes) {
    this.ref = ref;
    this.objectClass = defineClass(typeName, { properties: {}, methods: {} });
  }
}
