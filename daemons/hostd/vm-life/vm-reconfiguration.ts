import type { VimSchema, VirtualMachineConfigSpec } from '../../../lib/vim/index.js';
import {
  type EventCause,
  type TaskControl,
  type TaskResult,
  vimFault,
} from '../../../lib/vim-server/index.js';
import { parseVmx, type VmxDocument } from '../../../lib/vmx/index.js';
import type { HostInventory } from '../inventory/host-inventory.js';
import { MachinePlace } from '../inventory/machine-place.js';
import { filesOfOthers } from '../inventory/named-files.js';
import type { WrittenFile } from '../inventory/vm-config-reader.js';
import type { VirtualMachine } from '../mo/virtual-machine.js';
import { invalidPowerState } from '../mo/virtual-machine-power.js';
import { changeVersionOf, vmxDigest } from '../vm-config/change-version.js';
import { applyConfigSpec } from '../vm-config/spec/apply-spec.js';
import { checkedName } from '../vm-config/spec/general-properties.js';
import type { DiskEffects } from '../vm-config/spec/spec-context.js';
import { invalidSpec } from '../vm-config/spec/spec-fault.js';
import { vmxReadBytes } from '../vm-config/vmx-limits.js';
import type { VmkernelLink } from '../vmkernel/vmkernel-link.js';
import { checkDisks, makeDisks, touchesDisks } from './disk-changes.js';
import type { IntentLog } from './intent-log.js';
import type { MachineFiles } from './machine-files.js';
import type { NameClaims } from './name-claims.js';
import { runningChanges } from './running-changes.js';
import type { VmRecovery } from './vm-recovery.js';

export interface ReconfigurationDependencies {
  readonly schema: VimSchema;
  readonly inventory: HostInventory;
  readonly files: MachineFiles;
  readonly claims: NameClaims;
  readonly intents: IntentLog;
  readonly recovery: VmRecovery;
  link(): VmkernelLink;
}

/** For work that is no task: nobody follows it and nobody cancels it. */
const untasked: Omit<TaskControl, 'cause'> = {
  signal: new AbortController().signal,
  progress: () => undefined,
  allowCancel: () => undefined,
  forbidCancel: () => undefined,
};

function isReallocation({ cpuAllocation, memoryAllocation, ...spec }: VirtualMachineConfigSpec): boolean {
  const given = [cpuAllocation, memoryAllocation, spec.cpuAffinity, spec.memoryAffinity];
  return given.some(value => value !== undefined);
}

/** Changes configurations. A running machine's file is changed by its vmx, by the VMkernel's call. */
export class VmReconfiguration {
  readonly #dependencies: ReconfigurationDependencies;

  constructor(dependencies: ReconfigurationDependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws VimFault ConcurrentAccess, DuplicateName, InvalidPowerState and what names a bad property */
  async reconfigure(
    vm: VirtualMachine,
    spec: VirtualMachineConfigSpec,
    control: TaskControl,
  ): Promise<TaskResult> {
    const change = (): Promise<void> => this.#change(vm, spec, control);
    const name = spec.name === undefined ? undefined : checkedName(spec.name);
    if (name === undefined || name === vm.name) await change();
    else await this.#dependencies.claims.withName(name, vm, change);
    const event = { template: false, configSpec: spec };
    vm.dependencies.events.post('VmReconfiguredEvent', event, { ...control.cause, entity: vm });
    if (isReallocation(spec)) this.#noteReallocated(vm, control.cause);
    return undefined;
  }

  /** @throws VimFault as reconfigure */
  async reallocate(vm: VirtualMachine, spec: VirtualMachineConfigSpec, cause: EventCause): Promise<void> {
    await this.#change(vm, spec, { ...untasked, cause });
    this.#noteReallocated(vm, cause);
  }

  #noteReallocated(vm: VirtualMachine, cause: EventCause): void {
    vm.dependencies.events.post('VmResourceReallocatedEvent', { template: false }, { ...cause, entity: vm });
  }

  /** @throws VimFault DuplicateName, InvalidName */
  async rename(vm: VirtualMachine, newName: string, control: TaskControl): Promise<TaskResult> {
    const oldName = vm.name;
    const name = checkedName(newName);
    await this.#dependencies.claims.withName(name, vm, () => this.#change(vm, { name }, control));
    const event = { template: false, oldName, newName: name };
    vm.dependencies.events.post('VmRenamedEvent', event, { ...control.cause, entity: vm });
    return undefined;
  }

  async #change(vm: VirtualMachine, spec: VirtualMachineConfigSpec, control: TaskControl): Promise<void> {
    const { files, inventory, schema } = this.#dependencies;
    const { bytes, modifiedMs } = await files.readDated(vm.vmxPath, vmxReadBytes);
    const version = changeVersionOf(bytes, modifiedMs);
    if (spec.changeVersion !== undefined && spec.changeVersion !== '' && spec.changeVersion !== version) {
      throw vimFault('ConcurrentAccess', {}, 'The configuration was changed by somebody else.');
    }
    const find = (name: string) => inventory.datastore(name);
    const vmx = parseVmx(bytes);
    const folder = vm.vmxPath.slice(0, vm.vmxPath.lastIndexOf('/'));
    const needsNames = (spec.deviceChange ?? []).some(({ fileOperation }) => fileOperation !== undefined);
    const place = new MachinePlace(vm.vmxPath, needsNames ? await files.names(folder) : [], find);
    this.#refuseMove(spec, place, vm.vmxPath);
    const asked = applyConfigSpec(spec, { schema, vmx, place, pcpuMhz: inventory.pcpuMhz });
    const effects = await checkDisks(asked, files, () => filesOfOthers(inventory, vm));
    if (vm.run !== undefined)
      await this.#changeRunning(vm, { spec, before: parseVmx(bytes), after: vmx, effects, control });
    else {
      const written = await this.#write(vm, { vmx, effects, control });
      if (!touchesDisks(effects)) return inventory.noteWritten(vm, written);
    }
    await inventory.reload(vm);
    // What it has reserved is taken of its pool while it runs.
    if (vm.run !== undefined && isReallocation(spec)) await inventory.pools.read();
  }

  /** The configuration file stays where it is. */
  #refuseMove({ files }: VirtualMachineConfigSpec, place: MachinePlace, vmxPath: string): void {
    const asked = files?.vmPathName;
    if (asked !== undefined && asked !== '' && place.resolve(asked) !== vmxPath) {
      throw invalidSpec('files.vmPathName');
    }
  }

  async #changeRunning(
    vm: VirtualMachine,
    change: {
      readonly spec: VirtualMachineConfigSpec;
      readonly before: VmxDocument;
      readonly after: VmxDocument;
      readonly effects: DiskEffects;
      readonly control: TaskControl;
    },
  ): Promise<void> {
    if (touchesDisks(change.effects)) throw invalidPowerState('poweredOff', 'poweredOn');
    change.after.toBytes(); // what would be too large is refused here, by its own fault
    const changes = runningChanges(change.spec, change.before, change.after);
    const { intents, recovery, link } = this.#dependencies;
    const { vmxPath } = vm;
    const intent = intents.note(
      { kind: 'reconfigureRunning', vmxPath, changes },
      change.control.cause.chainId,
    );
    await recovery.watch(intent, () => link().call('reconfigure', { vmxPath, changes }));
  }

  /** The replacement of the file is the moment from which the change is true. */
  async #write(
    vm: VirtualMachine,
    change: {
      readonly vmx: VmxDocument;
      readonly effects: DiskEffects;
      readonly control: TaskControl;
    },
  ): Promise<WrittenFile> {
    const { vmx, effects, control } = change;
    const { files, intents, recovery } = this.#dependencies;
    const bytes = vmx.toBytes();
    const subject = {
      kind: 'reconfigure',
      vmxPath: vm.vmxPath,
      digest: vmxDigest(bytes),
      created: effects.create.map(({ path }) => path),
      destroyed: effects.destroy,
      replaced: effects.replace,
    } as const;
    const { chainId } = control.cause;
    const intent = touchesDisks(effects) ? intents.begin(subject, chainId) : intents.note(subject, chainId);
    return recovery.guard(intent, async () => {
      await makeDisks(effects, files, control);
      const stat = await files.writeAtomic(vm.vmxPath, bytes);
      for (const path of effects.destroy) await files.deleteDisk(path);
      return { bytes, stat };
    });
  }
}
