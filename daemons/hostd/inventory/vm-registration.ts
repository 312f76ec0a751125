import type { ManagedObjectReference } from '../../../lib/vim/index.js';
import {
  type CallContext,
  type EventCause,
  type EventManager,
  invalidArgument,
  notSupported,
  type TaskManager,
  vimFault,
} from '../../../lib/vim-server/index.js';
import type { Folder, RegisterVmArgs } from '../mo/folder.js';
import { moids } from '../mo/moids.js';
import type { VirtualMachine } from '../mo/virtual-machine.js';
import { checkedName } from '../vm-config/spec/general-properties.js';
import { newVmUuid, uuidFromVmx, uuidToVmx } from '../vm-config/uuid.js';
import type { IntentLog } from '../vm-life/intent-log.js';
import type { NameClaims } from '../vm-life/name-claims.js';
import type { VmRecovery } from '../vm-life/vm-recovery.js';
import type { DatastoreFileCalls } from '../vmkernel/vmkernel-link.js';
import { type DatastorePath, invalidDatastorePath, parseDatastorePath } from './datastore-path.js';
import type { HostInventory } from './host-inventory.js';

export interface RegistrationDependencies {
  readonly inventory: HostInventory;
  readonly tasks: TaskManager;
  readonly events: EventManager;
  readonly claims: NameClaims;
  readonly intents: IntentLog;
  readonly recovery: VmRecovery;
  files(): DatastoreFileCalls;
}

/** Registers virtual machines by their configuration file. */
export class VmRegistration {
  readonly #dependencies: RegistrationDependencies;

  constructor(dependencies: RegistrationDependencies) {
    this.#dependencies = dependencies;
  }

  register(folder: Folder, args: RegisterVmArgs, call: CallContext): ManagedObjectReference {
    if (args.asTemplate) throw notSupported();
    const { pool } = args;
    if (pool === undefined) throw invalidArgument('pool');
    this.#dependencies.inventory.placement.poolAt(pool);
    if (args.host !== undefined && args.host.value !== moids.host.value) throw invalidArgument('host');
    const name = args.name === undefined ? undefined : checkedName(args.name);
    const path = this.#resolve(args.path);
    const request = {
      entity: folder,
      methodName: 'RegisterVM_Task',
      descriptionId: 'Folder.registerVm',
      call,
    };
    const { tasks, claims } = this.#dependencies;
    const vmxPath = `/vmfs/volumes/${path.datastore}/${path.file}`;
    return tasks.start(request, ({ cause }) => {
      return claims.withVmx(vmxPath, () => this.#register(path, { name, pool }, cause));
    });
  }

  #resolve(text: string): DatastorePath {
    const { datastore, file } = parseDatastorePath(text);
    const found = this.#dependencies.inventory.datastore(datastore);
    if (found === undefined) {
      throw vimFault('InvalidDatastore', { name: datastore }, `There is no datastore ${datastore}.`);
    }
    if (!/\.vmx$/i.test(file)) throw invalidDatastorePath(text);
    return { datastore: found.volume.volume, file };
  }

  async #register(
    path: DatastorePath,
    { name, pool }: { readonly name: string | undefined; readonly pool: ManagedObjectReference },
    cause: EventCause,
  ): Promise<ManagedObjectReference> {
    const { inventory, claims, intents, recovery } = this.#dependencies;
    const vm = inventory.prepare(path);
    await inventory.reload(vm);
    await this.#requireConfig(vm);
    await claims.withName(name ?? vm.name, vm, async () => {
      const intent = intents.note({ kind: 'register', vmxPath: vm.vmxPath }, cause.chainId);
      await recovery.guard(intent, async () => {
        await this.#complete(vm, name);
        await inventory.placement.place(vm.vmxPath, inventory.placement.poolAt(pool));
        await inventory.commit(vm);
      });
    });
    this.#dependencies.events.post('VmRegisteredEvent', { template: false }, { ...cause, entity: vm });
    return vm.ref;
  }

  async #requireConfig(vm: VirtualMachine): Promise<void> {
    const { config } = vm;
    if (config.kind === 'invalid') throw vimFault('InvalidVmConfig', {}, `${vm.pathName}: ${config.reason}`);
    if (config.kind === 'read') return;
    // Says why it cannot be read: NotFound is what clients know for a file that is not there.
    const { type } = await this.#dependencies.files().stat(vm.vmxPath);
    throw vimFault('InvalidVmConfig', {}, `${vm.pathName} is a ${type} that cannot be read.`);
  }

  /** Gives the machine the name it is registered by and a UUID if it has none. */
  async #complete(vm: VirtualMachine, name: string | undefined): Promise<void> {
    if (vm.config.kind !== 'read') return;
    const { vmx } = vm.config;
    const needsUuid = uuidFromVmx(vmx.get('uuid.bios')) === undefined;
    const needsName = name !== undefined && name !== vmx.get('displayName');
    if (!needsUuid && !needsName) return;
    if (needsUuid) {
      vmx.set('uuid.bios', uuidToVmx(newVmUuid()));
    }
    if (needsName) vmx.set('displayName', name);
    await this.#dependencies.files().writeAtomic(vm.vmxPath, vmx.toBytes());
    await this.#dependencies.inventory.reload(vm);
  }
}
