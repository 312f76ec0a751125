import type { VirtualMachinePowerState, VirtualMachineRuntimeInfo } from '../../lib/vim/index.js';
import type { Command } from './command.js';
import { noSuchVm, onVm } from './targets.js';

const STATE_TEXT: Readonly<Record<VirtualMachinePowerState, string>> = {
  poweredOn: 'Powered on',
  poweredOff: 'Powered off',
  suspended: 'Suspended',
};

type PowerTask = 'PowerOnVM_Task' | 'PowerOffVM_Task' | 'ResetVM_Task' | 'SuspendVM_Task';
type GuestRequest = 'ShutdownGuest' | 'RebootGuest' | 'StandbyGuest';

function taskCommand(operation: string, method: PowerTask, summary: string, says: string): Command {
  return {
    name: `vmsvc/power.${operation}`,
    parameters: ['vmid'],
    summary,
    async run(agent, [vmid = ''], print) {
      print(`${says}\n`);
      await onVm(vmid, async vm => {
        await agent.waitForTask(await agent.call(vm, method, {}));
      });
    },
  };
}

/** These ask the guest and do not wait for it. */
function guestCommand(operation: string, method: GuestRequest, summary: string): Command {
  return {
    name: `vmsvc/power.${operation}`,
    parameters: ['vmid'],
    summary,
    run: (agent, [vmid = '']) => onVm(vmid, vm => agent.call(vm, method, {})),
  };
}

const getState: Command = {
  name: 'vmsvc/power.getstate',
  parameters: ['vmid'],
  summary: 'Whether a virtual machine is powered on, off or suspended',
  async run(agent, [vmid = ''], print) {
    const properties = await onVm(vmid, vm => agent.read(vm, ['runtime']));
    const runtime = properties.get('runtime') as VirtualMachineRuntimeInfo | undefined;
    if (runtime === undefined) throw noSuchVm(vmid);
    print(`Retrieved runtime info\n${STATE_TEXT[runtime.powerState]}\n`);
  },
};

const suspendResume: Command = {
  name: 'vmsvc/power.suspendResume',
  parameters: ['vmid'],
  summary: 'Suspends a virtual machine and resumes it at once',
  run: (agent, [vmid = '']) =>
    onVm(vmid, async vm => {
      await agent.waitForTask(await agent.call(vm, 'SuspendVM_Task', {}));
      await agent.waitForTask(await agent.call(vm, 'PowerOnVM_Task', {}));
    }),
};

export const POWER_COMMANDS: readonly Command[] = [
  getState,
  taskCommand('on', 'PowerOnVM_Task', 'Powers a virtual machine on', 'Powering on VM:'),
  taskCommand('off', 'PowerOffVM_Task', 'Powers a virtual machine off', 'Powering off VM:'),
  taskCommand('reset', 'ResetVM_Task', 'Resets a virtual machine', 'Reset VM:'),
  taskCommand('suspend', 'SuspendVM_Task', 'Suspends a virtual machine', 'Suspending VM:'),
  suspendResume,
  guestCommand('shutdown', 'ShutdownGuest', 'Asks the guest to shut down'),
  guestCommand('reboot', 'RebootGuest', 'Asks the guest to boot again'),
  guestCommand('hibernate', 'StandbyGuest', 'Asks the guest to go to standby'),
];
