import type { VmInfo } from '../../../kernel/abi/index.js';
import type { ManagedObjectReference, VirtualMachinePowerState } from '../../../lib/vim/index.js';
import {
  type CallContext,
  type EventCause,
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

interface PowerOperation {
  readonly methodName: string;
  readonly descriptionId: string;
}

/** @param call undefined: the host does it by itself */
export function startPowerOn(vm: VirtualMachine, call: CallContext | undefined): ManagedObjectReference {
  const operation = { methodName: 'PowerOnVM_Task', descriptionId: 'VirtualMachine.powerOn' };
  return startPowerTask(vm, operation, call, async cause => {
    await reportFailure(vm, 'VmFailedToPowerOnEvent', cause, async () => {
      requirePowerState(vm, 'poweredOff', 'poweredOn');
      post(vm, 'VmStartingEvent', cause);
      vm.setRun(await vm.dependencies.power.powerOn(vm.vmxPath));
    });
    post(vm, 'VmPoweredOnEvent', cause);
  });
}

/** @param call undefined: the host does it by itself */
export function startPowerOff(vm: VirtualMachine, call: CallContext | undefined): ManagedObjectReference {
  const operation = { methodName: 'PowerOffVM_Task', descriptionId: 'VirtualMachine.powerOff' };
  if (vm.run?.state === 'poweringOn' && vm.run.question !== undefined)
    return giveUpPowerOn(vm, operation, call);
  return startPowerTask(vm, operation, call, async cause => {
    await reportFailure(vm, 'VmFailedToPowerOffEvent', cause, async () => {
      requirePowerState(vm, 'poweredOn', 'poweredOff');
      post(vm, 'VmStoppingEvent', cause);
      await vm.dependencies.power.powerOff(vm.vmxPath);
      vm.setRun(undefined);
    });
    post(vm, 'VmPoweredOffEvent', cause);
  });
}

/** A power-on that waits for an answer ends beside this task: it is busy with the machine until then. */
function giveUpPowerOn(
  vm: VirtualMachine,
  operation: PowerOperation,
  call: CallContext | undefined,
): ManagedObjectReference {
  return vm.dependencies.tasks.start({ entity: vm, ...operation, call }, async () => {
    await vm.dependencies.power.powerOff(vm.vmxPath);
    return undefined;
  });
}

export const powerMethods: MethodHandlers<VirtualMachine> = {
  PowerOnVM_Task: (vm, args, call) => {
    if (args.host !== undefined && args.host.value !== moids.host.value) throw invalidArgument('host');
    return startPowerOn(vm, call);
  },
  PowerOffVM_Task: (vm, _, call) => startPowerOff(vm, call),
  ResetVM_Task: (vm, _, call) => {
    const operation = { methodName: 'ResetVM_Task', descriptionId: 'VirtualMachine.reset' };
    return startPowerTask(vm, operation, call, async cause => {
      await reportFailure(vm, 'VmFailedToResetEvent', cause, async () => {
        requirePowerState(vm, 'poweredOn', 'poweredOn');
        post(vm, 'VmResettingEvent', cause);
        await vm.dependencies.power.reset(vm.vmxPath);
      });
    });
  },
};

/** One at a time: while a task changes the machine another is refused with TaskInProgress. */
function startPowerTask(
  vm: VirtualMachine,
  operation: PowerOperation,
  call: CallContext | undefined,
  work: (cause: EventCause) => Promise<void>,
): ManagedObjectReference {
  requireNotBusy(vm);
  const task = vm.dependencies.tasks.start({ entity: vm, ...operation, call }, async ({ cause }) => {
    try {
      await work(cause);
    } finally {
      vm.setBusy(undefined);
    }
    return undefined;
  });
  vm.setBusy(task);
  return task;
}

function post(
  vm: VirtualMachine,
  type: 'VmStartingEvent' | 'VmPoweredOnEvent' | 'VmStoppingEvent' | 'VmPoweredOffEvent' | 'VmResettingEvent',
  cause: EventCause,
): void {
  vm.dependencies.events.post(type, { template: false }, cause);
}

/** What goes wrong is told by an event, too, with its reason. */
async function reportFailure(
  vm: VirtualMachine,
  type: 'VmFailedToPowerOnEvent' | 'VmFailedToPowerOffEvent' | 'VmFailedToResetEvent',
  cause: EventCause,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const fault = vm.dependencies.tasks.dependencies.toFault(error);
    const reason = { fault: fault.detail, localizedMessage: fault.message };
    vm.dependencies.events.post(type, { template: false, reason }, cause);
    throw fault;
  }
}

export function requireNotBusy(vm: VirtualMachine): void {
  if (vm.busy === undefined) return;
  const isAsked = vm.run?.question !== undefined;
  const why = isAsked ? 'waits for the answer to a question' : 'is already in progress';
  throw vimFault('TaskInProgress', { task: vm.busy }, `Another task ${why}.`);
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
