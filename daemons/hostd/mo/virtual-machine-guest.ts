import { type MethodHandlers, vimFault } from '../../../lib/vim-server/index.js';
import type { VirtualMachine } from './virtual-machine.js';
import { requirePowerState } from './virtual-machine-power.js';

/** What only tools in the guest can do. None report here yet: there is no backdoor for them. */
function askTools(vm: VirtualMachine, requested: 'poweredOn' | 'poweredOff' | 'suspended'): never {
  requirePowerState(vm, 'poweredOn', requested);
  throw vimFault('ToolsUnavailable', {}, 'VMware Tools do not run in this virtual machine.');
}

export const guestMethods: MethodHandlers<VirtualMachine> = {
  ShutdownGuest: vm => askTools(vm, 'poweredOff'),
  RebootGuest: vm => askTools(vm, 'poweredOn'),
  StandbyGuest: vm => askTools(vm, 'suspended'),
};
