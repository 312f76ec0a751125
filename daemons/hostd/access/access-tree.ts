import { ManagedObjectReference, type VimSchema } from '../../../lib/vim/index.js';
import { type AccessTree, type ManagedObject, Task } from '../../../lib/vim-server/index.js';
import { HostDatastoreBrowser } from '../mo/host-datastore-browser.js';
import { moids } from '../mo/moids.js';

export interface HostAccessTreeDependencies {
  readonly schema: VimSchema;
  find(moid: string): ManagedObject | undefined;
}

/** Managed types that are the host's although no name says so. */
const ofHost = new Set(['IscsiManager', 'OptionManager']);

/**
 * The inventory's tree by the parents of its entities. A machine is below its folder and its pool. What is no
 * entity belongs to one: parts of the host to the host, a task to its entity, a datastore's browser to it, the rest
 * to the root folder.
 */
export class HostAccessTree implements AccessTree {
  readonly root = moids.rootFolder;
  readonly #dependencies: HostAccessTreeDependencies;

  constructor(dependencies: HostAccessTreeDependencies) {
    this.#dependencies = dependencies;
  }

  entityOf(object: ManagedObject): ManagedObject | undefined {
    const { schema, find } = this.#dependencies;
    const type = object.objectClass.typeName;
    if (schema.isA(type, 'ManagedEntity')) return object;
    if (object instanceof Task) return find(object.info.entity?.value ?? '') ?? find(this.root.value);
    if (object instanceof HostDatastoreBrowser && object.ref.value !== moids.hostDatastoreBrowser.value) {
      return find(object.dependencies.datastores()[0]?.value ?? '');
    }
    if (type === 'EnvironmentBrowser') return find(moids.computeResource.value);
    if (type === 'VirtualMachineSnapshot') return find(refOf(object, 'vm')?.value ?? '');
    return find(isOfHost(object) ? moids.host.value : this.root.value);
  }

  parentsOf(entity: ManagedObject): readonly ManagedObject[] {
    const { schema, find } = this.#dependencies;
    const isVm = schema.isA(entity.objectClass.typeName, 'VirtualMachine');
    const refs = [
      refOf(entity, 'parent'),
      isVm ? (refOf(entity, 'resourcePool') ?? moids.rootPool) : undefined,
    ];
    return refs.flatMap(ref => find(ref?.value ?? '') ?? []);
  }
}

function isOfHost({ ref, objectClass: { typeName } }: ManagedObject): boolean {
  if (typeName === 'HostLocalAccountManager') return false;
  if (ref.value === moids.setting.value) return false;
  return typeName.startsWith('Host') || ofHost.has(typeName);
}

/** A reference that an object holds under a name of its class. */
function refOf(object: ManagedObject, name: string): ManagedObjectReference | undefined {
  const value: unknown = name in object ? Reflect.get(object, name) : undefined;
  return value instanceof ManagedObjectReference ? value : undefined;
}
