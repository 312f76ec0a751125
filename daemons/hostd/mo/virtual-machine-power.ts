import type { VmInfo } from '../../../kernel/abi/index.js';
import type { ManagedObjectReference, VirtualMachinePowerState } from '../../../lib/vim/index.js';
import {
  type CallContext,
  invalidArgument,
  type MethodHandlers,
  type VimFault,
  vimFault,
} from '../../../lib/vim-server/index.js';
import { moids } from './moids.js';
import type { VirtualMachine } from './virtual-machine.js';

/** What the VMkernel does for power operations. Each resolves when it has happened. */
export interface PowerOperations {
  powerOn(vmxPath: string): Promise<VmInfo>;
  /** Resolves when the machine's process has been reaped. */
  powerOff(vmxPath: string): Promise<unknown>;
  reset(vmxPath: string): Promise<unknown>;
}

export const powerMethods: MethodHandlers<VirtualMachine> = {
  PowerOnVM_Task: (vm, args, call) => {
    if (args.host !== undefined && args.host.value !== moids.host.value) throw invalidArgument('host');
    const operation = { methodName: 'PowerOnVM_Task', descriptionId: 'VirtualMachine.powerOn' };
    return startPowerTask(vm, operation, call, async () => {
      requirePowerState(vm, 'poweredOff', 'poweredOn');
      vm.setRun(await vm.dependencies.power.powerOn(vm.vmxPath));
    });
  },
  PowerOffVM_Task: (vm, _, call) => {
    const operation = { methodName: 'PowerOffVM_Task', descriptionId: 'VirtualMachine.powerOff' };
    return startPowerTask(vm, operation, call, async () => {
      requirePowerState(vm, 'poweredOn', 'poweredOff');
      await vm.dependencies.power.powerOff(vm.vmxPath);
      vm.setRun(undefined);
    });
  },
  ResetVM_Task: (vm, _, call) => {
    const operation = { methodName: 'ResetVM_Task', descriptionId: 'VirtualMachine.reset' };
    return startPowerTask(vm, operation, call, async () => {
      requirePowerState(vm, 'poweredOn', 'poweredOn');
      await vm.dependencies.power.reset(vm.vmxPath);
    });
  },
};

/** One at a time: while a task changes the machine another is refused with TaskInProgress. */
function startPowerTask(
  vm: VirtualMachine,
  operation: { readonly methodName: string; readonly descriptionId: string },
  call: CallContext,
  work: () => Promise<void>,
): ManagedObjectReference {
  requireNotBusy(vm);
  const task = vm.dependencies.tasks.start({ entity: vm, ...operation, call }, async () => {
    try {
      await work();
    } finally {
      vm.setBusy(undefined);
    }
    return undefined;
  });
  vm.setBusy(task);
  return task;
}

export function requireNotBusy(vm: VirtualMachine): void {
  if (vm.busy === undefined) return;
  throw vimFault('TaskInProgress', { task: vm.busy }, 'Another task is already in progress.');
}

export function requirePowerState(
  vm: VirtualMachine,
  needed: VirtualMachinePowerState,
  requested: VirtualMachinePowerState,
): void {
  if (vm.powerState !== needed) throw invalidPowerState(requested, vm.powerState);
}

export function invalidPowerState(
  requested: VirtualMachinePowerState,
  existing: VirtualMachinePowerState,
): VimFault {
  const message = `The attempted operation cannot be performed in the current state (${existing}).`;
  return vimFault('InvalidPowerState', { requestedState: requested, existingState: existing }, message);
}
