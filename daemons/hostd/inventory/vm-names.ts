import type { ChangeFollower, ObjectChange, ObjectRegistry } from '../../../lib/vim-server/index.js';
import { VirtualMachine } from '../mo/virtual-machine.js';
import { uuidFromVmx } from '../vm-config/uuid.js';

export type VmNameKind = 'name' | 'uuid' | 'instanceUuid';

const uuidKeys = { uuid: 'uuid.bios', instanceUuid: 'vc.uuid' } as const;
const kinds: readonly VmNameKind[] = ['name', 'uuid', 'instanceUuid'];

/** Machines by what their configuration calls them, kept true as configurations change. */
export class VmNames implements ChangeFollower {
  readonly #registry: ObjectRegistry;
  readonly #byName = new Map<string, Set<VirtualMachine>>();
  readonly #namesOf = new Map<VirtualMachine, readonly string[]>();

  constructor(registry: ObjectRegistry) {
    this.#registry = registry;
  }

  add(vm: VirtualMachine): void {
    this.#registry.follow(vm.ref.value, this);
    this.#enter(vm);
  }

  delete(vm: VirtualMachine): void {
    this.#registry.unfollow(vm.ref.value, this);
    this.#withdraw(vm);
  }

  find(kind: VmNameKind, name: string): VirtualMachine[] {
    return [...(this.#byName.get(`${kind} ${name}`) ?? [])];
  }

  note({ object, properties }: ObjectChange): void {
    if (!(object instanceof VirtualMachine) || !this.#namesOf.has(object)) return;
    if (!properties.includes('config') && !properties.includes('name')) return;
    this.#withdraw(object);
    this.#enter(object);
  }

  #enter(vm: VirtualMachine): void {
    const names = kinds.flatMap(kind => {
      const name = nameOf(vm, kind);
      return name === undefined ? [] : [`${kind} ${name}`];
    });
    this.#namesOf.set(vm, names);
    for (const name of names) {
      const named = this.#byName.get(name);
      if (named === undefined) this.#byName.set(name, new Set([vm]));
      else named.add(vm);
    }
  }

  #withdraw(vm: VirtualMachine): void {
    for (const name of this.#namesOf.get(vm) ?? []) {
      const named = this.#byName.get(name);
      named?.delete(vm);
      if (named?.size === 0) this.#byName.delete(name);
    }
    this.#namesOf.delete(vm);
  }
}

/** UUIDs in lower case, as the API writes them. */
function nameOf(vm: VirtualMachine, kind: VmNameKind): string | undefined {
  if (kind === 'name') return vm.name;
  const vmx = vm.config.kind === 'read' ? vm.config.vmx : undefined;
  return uuidFromVmx(vmx?.get(uuidKeys[kind]));
}
