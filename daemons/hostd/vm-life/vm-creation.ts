import type { ManagedObjectReference, VimSchema, VirtualMachineConfigSpec } from '../../../lib/vim/index.js';
import {
  type CallContext,
  type EventManager,
  invalidArgument,
  type TaskControl,
  type TaskManager,
  vimFault,
} from '../../../lib/vim-server/index.js';
import { parseDatastorePath } from '../inventory/datastore-path.js';
import type { HostInventory } from '../inventory/host-inventory.js';
import { MachinePlace } from '../inventory/machine-place.js';
import { filesOfOthers } from '../inventory/named-files.js';
import type { CreateVmArgs, Folder } from '../mo/folder.js';
import { moids } from '../mo/moids.js';
import type { VirtualMachine } from '../mo/virtual-machine.js';
import { applyConfigSpec } from '../vm-config/spec/apply-spec.js';
import { checkedName } from '../vm-config/spec/general-properties.js';
import { invalidSpec } from '../vm-config/spec/spec-fault.js';
import { checkDisks, makeDisks } from './disk-changes.js';
import type { IntentLog } from './intent-log.js';
import type { MachineFiles } from './machine-files.js';
import type { NameClaims } from './name-claims.js';
import { type NewPlace, newConfiguration, newPlace } from './new-machine.js';
import type { VmRecovery } from './vm-recovery.js';

export interface CreationDependencies {
  readonly schema: VimSchema;
  readonly inventory: HostInventory;
  readonly tasks: TaskManager;
  readonly events: EventManager;
  readonly files: MachineFiles;
  readonly claims: NameClaims;
  readonly intents: IntentLog;
  readonly recovery: VmRecovery;
}

/** Creates virtual machines: folder, disks, configuration file, and at last their place in the inventory. */
export class VmCreation {
  readonly #dependencies: CreationDependencies;

  constructor(dependencies: CreationDependencies) {
    this.#dependencies = dependencies;
  }

  create(folder: Folder, { config, pool, host }: CreateVmArgs, call: CallContext): ManagedObjectReference {
    this.#dependencies.inventory.placement.poolAt(pool);
    if (host !== undefined && host.value !== moids.host.value) throw invalidArgument('host');
    const request = {
      entity: folder,
      methodName: 'CreateVM_Task',
      descriptionId: 'Folder.createVm',
      call,
    };
    return this.#dependencies.tasks.start(request, async control => {
      if (config.name === undefined) throw invalidSpec('name');
      const name = checkedName(config.name);
      return this.#dependencies.claims.withName(name, undefined, () =>
        this.#create(name, config, { pool, control }),
      );
    });
  }

  async #create(
    name: string,
    spec: VirtualMachineConfigSpec,
    how: { readonly pool: ManagedObjectReference; readonly control: TaskControl },
  ): Promise<ManagedObjectReference> {
    const { inventory, files, claims, events } = this.#dependencies;
    const find = (label: string) => inventory.datastore(label);
    const place = await newPlace(spec, name, { find, files });
    const vm = await claims.withVmx(place.vmxPath, async () => {
      if (!place.isNewFolder && (await files.exists(place.vmxPath))) {
        const { vmxPath } = place;
        throw vimFault('FileAlreadyExists', { file: vmxPath }, `The file ${vmxPath} already exists.`);
      }
      return this.#make(name, spec, { place, ...how });
    });
    const about = { ...how.control.cause, entity: vm };
    events.post('VmBeingCreatedEvent', { template: false, configSpec: spec }, about);
    events.post('VmCreatedEvent', { template: false }, about);
    return vm.ref;
  }

  async #make(
    name: string,
    spec: VirtualMachineConfigSpec,
    where: {
      readonly place: NewPlace;
      readonly pool: ManagedObjectReference;
      readonly control: TaskControl;
    },
  ): Promise<VirtualMachine> {
    const { vmxPath, folder, isNewFolder } = where.place;
    const { schema, inventory, files, intents, recovery } = this.#dependencies;
    const names = isNewFolder ? [] : await files.names(folder);
    const place = new MachinePlace(vmxPath, names, label => inventory.datastore(label));
    const vmx = newConfiguration(name, place.baseName);
    const asked = applyConfigSpec(spec, { schema, vmx, place, pcpuMhz: inventory.pcpuMhz });
    const effects = await checkDisks(asked, files, () => filesOfOthers(inventory, undefined));
    const vm = inventory.prepare(parseDatastorePath(vmxPath));
    const disks = [...effects.create, ...effects.replace].map(({ path }) => path);
    const madeFolder = isNewFolder ? folder : undefined;
    const intent = intents.begin(
      { kind: 'create', vmxPath, folder: madeFolder, disks },
      where.control.cause.chainId,
    );
    return recovery.guard(intent, async () => {
      if (isNewFolder) await files.makeFolder(folder);
      await makeDisks(effects, files, where.control);
      await files.writeAtomic(vmxPath, vmx.toBytes());
      await inventory.placement.place(vmxPath, inventory.placement.poolAt(where.pool));
      await inventory.reload(vm);
      await inventory.commit(vm);
      return vm;
    });
  }
}
