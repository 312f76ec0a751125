import { VmkernelError } from '../../kernel/abi/index.js';
import { VmkernelClient } from '../../kernel/client/index.js';
import type { Operation } from './operation.js';
import { VmControlError } from './vm-control-error.js';

/** The VMkernel's control socket, as the service console sees it. */
const CONTROL_SOCKET = '/var/run/vmware/control.sock';

/** The API knows machines, not processes: this one is the VMkernel's to tell, on its own host only. */
const getPid: Operation = {
  name: 'getpid',
  parameters: [],
  summary: "The process number of the machine's vmware-vmx, on this host",
  async run(_control, { path }) {
    const kernel = await connect();
    try {
      const running = (await kernel.call('listVms', {})).vms.find(vm => vm.vmxPath === path && vm.pid > 0);
      if (running === undefined) throw new VmControlError(-8, 'The virtual machine is not powered on');
      return running.pid;
    } finally {
      kernel.close();
    }
  },
};

async function connect(): Promise<VmkernelClient> {
  try {
    return await VmkernelClient.connect(CONTROL_SOCKET);
  } catch (error) {
    if (error instanceof VmkernelError)
      throw new VmControlError(-999, `The VMkernel of this host does not answer: ${error.message}`);
    throw error;
  }
}

export const PROCESS_OPERATIONS: readonly Operation[] = [getPid];
