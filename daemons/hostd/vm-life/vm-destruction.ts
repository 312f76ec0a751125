import { posix } from 'node:path';
import { type TaskControl, type TaskResult, vimFault } from '../../../lib/vim-server/index.js';
import type { VmxDocument } from '../../../lib/vmx/index.js';
import type { HostInventory } from '../inventory/host-inventory.js';
import { MachinePlace } from '../inventory/machine-place.js';
import { filesOfOthers } from '../inventory/named-files.js';
import type { VirtualMachine } from '../mo/virtual-machine.js';
import { invalidPowerState } from '../mo/virtual-machine-power.js';
import { isLog, machineFileType } from '../vm-config/machine-file-type.js';
import type { IntentLog } from './intent-log.js';
import type { MachineFiles } from './machine-files.js';
import type { VmRecovery } from './vm-recovery.js';

export interface DestructionDependencies {
  readonly inventory: HostInventory;
  readonly files: MachineFiles;
  readonly intents: IntentLog;
  readonly recovery: VmRecovery;
}

/** Deletes machines with their own files: those of its folder that are its by name, and no other machine's. */
export class VmDestruction {
  readonly #dependencies: DestructionDependencies;

  constructor(dependencies: DestructionDependencies) {
    this.#dependencies = dependencies;
  }

  /** Once the inventory does not list the machine it is gone; its files follow, by a later hostd if need be. */
  async destroy(vm: VirtualMachine, { cause }: TaskControl): Promise<TaskResult> {
    const { inventory, files, intents, recovery } = this.#dependencies;
    if (vm.run !== undefined) throw invalidPowerState('poweredOff', vm.powerState);
    await inventory.reload(vm);
    // Nobody would know its disks afterwards.
    if (vm.config.kind !== 'read')
      throw vimFault(
        'InvalidState',
        {},
        'The configuration file cannot be read: the machine can be unregistered.',
      );
    const folder = posix.dirname(vm.vmxPath);
    const { disks, others } = await this.#own(vm, folder);
    const subject = { kind: 'destroy', vmxPath: vm.vmxPath, disks, files: others, folder } as const;
    const intent = intents.begin(subject, cause.chainId);
    await recovery.guard(intent, async () => {
      await inventory.remove(vm);
      vm.dependencies.events.post('VmRemovedEvent', { template: false }, { ...cause, entity: vm });
      for (const disk of disks) await files.deleteDisk(disk);
      for (const file of others) await files.removeFile(file);
      await files.removeFolder(folder);
    });
    return undefined;
  }

  async #own(vm: VirtualMachine, folder: string): Promise<{ disks: string[]; others: string[] }> {
    const { inventory, files } = this.#dependencies;
    const place = new MachinePlace(vm.vmxPath, [], name => inventory.datastore(name));
    const vmx = vm.config.kind === 'read' ? vm.config.vmx : undefined;
    const foreign = filesOfOthers(inventory, vm);
    const isOwn = (path: string): boolean => posix.dirname(path) === folder && !foreign.has(path);
    const disks = (vmx === undefined ? [] : diskNames(vmx)).map(name => place.pathOf(name));
    const named = ['nvram', 'extendedConfigFile', 'sched.swap.derivedName', 'checkpoint.vmState'].flatMap(
      key => {
        const value = vmx?.get(key) ?? '';
        return value === '' ? [] : [place.pathOf(value)];
      },
    );
    const hasNeighbour = inventory
      .vms()
      .some(other => other !== vm && posix.dirname(other.vmxPath) === folder);
    const others = (await files.names(folder)).flatMap(name => {
      const path = `${folder}/${name}`;
      const isShared = hasNeighbour && isLog(name);
      return (machineFileType(name, place.baseName) !== undefined && !isShared) || named.includes(path)
        ? [path]
        : [];
    });
    return {
      disks: [...new Set(disks.filter(isOwn))],
      // The configuration file goes last: as long as it is there, somebody can see what is left.
      others: [...others.filter(path => isOwn(path) && path !== vm.vmxPath), vm.vmxPath],
    };
  }
}

function diskNames(vmx: VmxDocument): string[] {
  return vmx.keys().flatMap(key => {
    const isFile = /^(ide|scsi)\d+:\d+\.filename$/i.test(key);
    const name = isFile ? (vmx.get(key) ?? '') : '';
    return /\.vmdk$/i.test(name) ? [name] : [];
  });
}
