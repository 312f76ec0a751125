import type { ManagedObjectReference, VimSchema, VirtualMachineConfigSpec } from '../../../lib/vim/index.js';
import type { CallContext, EventManager, TaskManager } from '../../../lib/vim-server/index.js';
import type { HostInventory } from '../inventory/host-inventory.js';
import { VmRegistration } from '../inventory/vm-registration.js';
import type { CreateVmArgs, Folder, RegisterVmArgs } from '../mo/folder.js';
import type { VirtualMachine } from '../mo/virtual-machine.js';
import type { HostDatabase } from '../store/host-database.js';
import type { VmkernelLink } from '../vmkernel/vmkernel-link.js';
import { IntentLog } from './intent-log.js';
import { MachineFiles } from './machine-files.js';
import { NameClaims } from './name-claims.js';
import { VmCreation } from './vm-creation.js';
import { VmDestruction } from './vm-destruction.js';
import { VmReconfiguration } from './vm-reconfiguration.js';
import { VmRecovery } from './vm-recovery.js';
import { VmTurns } from './vm-turns.js';

export interface VmLifeDependencies {
  readonly schema: VimSchema;
  readonly inventory: HostInventory;
  readonly tasks: TaskManager;
  readonly events: EventManager;
  readonly database: HostDatabase;
  link(): VmkernelLink;
  onProblem(problem: string): void;
}

/** The life of virtual machines from creation to deletion. */
export class VmLife {
  readonly recovery: VmRecovery;
  readonly #creation: VmCreation;
  readonly #registration: VmRegistration;
  readonly #reconfiguration: VmReconfiguration;
  readonly #destruction: VmDestruction;
  readonly #turns: VmTurns;

  constructor(dependencies: VmLifeDependencies) {
    const { inventory, tasks, events, schema, link, onProblem } = dependencies;
    const files = new MachineFiles(link);
    const claims = new NameClaims(inventory);
    const intents = new IntentLog(dependencies.database);
    this.recovery = new VmRecovery({ intents, files, inventory, link, onProblem });
    const shared = { schema, inventory, tasks, events, files, claims, intents, recovery: this.recovery };
    this.#creation = new VmCreation(shared);
    this.#registration = new VmRegistration({ ...shared, files: () => link().files });
    this.#reconfiguration = new VmReconfiguration({ ...shared, link });
    this.#destruction = new VmDestruction(shared);
    this.#turns = new VmTurns(tasks, vm => inventory.isRegistered(vm));
  }

  create(folder: Folder, args: CreateVmArgs, call: CallContext): ManagedObjectReference {
    return this.#creation.create(folder, args, call);
  }

  register(folder: Folder, args: RegisterVmArgs, call: CallContext): ManagedObjectReference {
    return this.#registration.register(folder, args, call);
  }

  reconfigure(vm: VirtualMachine, spec: VirtualMachineConfigSpec, call: CallContext): ManagedObjectReference {
    const request = { methodName: 'ReconfigVM_Task', descriptionId: 'VirtualMachine.reconfigure', call };
    return this.#turns.queue(vm, request, control => this.#reconfiguration.reconfigure(vm, spec, control));
  }

  /** Gives the machine other shares, reservations and limits, without a task. */
  async reallocate(
    vm: VirtualMachine,
    spec: VirtualMachineConfigSpec,
    { session }: CallContext,
  ): Promise<void> {
    await this.#turns.wait(vm, () =>
      this.#reconfiguration.reallocate(vm, spec, { userName: session?.userName }),
    );
  }

  rename(vm: VirtualMachine, newName: string, call: CallContext): ManagedObjectReference {
    const request = { methodName: 'Rename_Task', descriptionId: 'ManagedEntity.rename', call };
    return this.#turns.queue(vm, request, control => this.#reconfiguration.rename(vm, newName, control));
  }

  destroy(vm: VirtualMachine, call: CallContext): ManagedObjectReference {
    const request = { methodName: 'Destroy_Task', descriptionId: 'ManagedEntity.destroy', call };
    return this.#turns.alone(vm, request, control => this.#destruction.destroy(vm, control));
  }
}
