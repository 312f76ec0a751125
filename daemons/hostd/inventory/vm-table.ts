import type { ManagedObjectReference } from '../../../lib/vim/index.js';
import type { Datastore } from '../mo/datastore.js';
import type { VirtualMachine } from '../mo/virtual-machine.js';
import type { DatastorePath } from './datastore-path.js';

/** Moids of virtual machines are multiples of this. */
const moidStep = 16;

/** The registered machines by everything they are looked up by; no look-up goes through all of them. */
export class VmTable {
  readonly #byMoid = new Map<string, VirtualMachine>();
  readonly #byPath = new Map<string, VirtualMachine>();
  /** By the volume id or label in their paths. */
  readonly #byVolume = new Map<string, Set<VirtualMachine>>();
  readonly #running = new Set<VirtualMachine>();
  #lastMoid = 0;

  add(vm: VirtualMachine): void {
    this.#byMoid.set(vm.ref.value, vm);
    this.#byPath.set(vm.vmxPath, vm);
    const onVolume = this.#byVolume.get(vm.path.datastore);
    if (onVolume === undefined) this.#byVolume.set(vm.path.datastore, new Set([vm]));
    else onVolume.add(vm);
    this.#lastMoid = Math.max(this.#lastMoid, Number(vm.ref.value));
    this.noteRun(vm);
  }

  delete(vm: VirtualMachine): void {
    this.#byMoid.delete(vm.ref.value);
    if (this.#byPath.get(vm.vmxPath) === vm) this.#byPath.delete(vm.vmxPath);
    this.#byVolume.get(vm.path.datastore)?.delete(vm);
    this.#running.delete(vm);
  }

  all(): VirtualMachine[] {
    return [...this.#byMoid.values()];
  }

  refs(): ManagedObjectReference[] {
    return this.all().map(vm => vm.ref);
  }

  has(vm: VirtualMachine): boolean {
    return this.#byMoid.get(vm.ref.value) === vm;
  }

  at({ datastore, file }: DatastorePath): VirtualMachine | undefined {
    return this.atVmxPath(`/vmfs/volumes/${datastore}/${file}`);
  }

  atVmxPath(vmxPath: string): VirtualMachine | undefined {
    return this.#byPath.get(vmxPath);
  }

  on({ volume }: Datastore): VirtualMachine[] {
    const names = new Set([volume.volume, volume.label]);
    return [...names].flatMap(name => [...(this.#byVolume.get(name) ?? [])]);
  }

  /** Those that the VMkernel has said to be not off. */
  running(): VirtualMachine[] {
    return [...this.#running];
  }

  noteRun(vm: VirtualMachine): void {
    if (vm.run !== undefined && this.has(vm)) this.#running.add(vm);
    else this.#running.delete(vm);
  }

  /** A moid that no machine has had since this table was made. */
  freeMoid(): string {
    this.#lastMoid = (Math.floor(this.#lastMoid / moidStep) + 1) * moidStep;
    return String(this.#lastMoid);
  }
}
