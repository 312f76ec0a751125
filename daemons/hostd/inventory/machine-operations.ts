import type { VirtualMachineDependencies } from '../mo/virtual-machine.js';
import type { ConsoleDoor } from '../mo/virtual-machine-tickets.js';
import { takePicture, toPng } from '../screen/index.js';
import type { VmkernelLink } from '../vmkernel/vmkernel-link.js';
import type { PoolTable } from './pool-table.js';

export interface MachineOperationsDependencies {
  link(): VmkernelLink;
  pools(): PoolTable;
  consoleDoor(): ConsoleDoor;
  /** @throws VimFault InvalidState while the host takes no machine */
  requirePowerOn(): void;
}

/** What the VMkernel does for machines, as they ask for it. */
export function machineOperations({
  link,
  pools,
  consoleDoor,
  requirePowerOn,
}: MachineOperationsDependencies): Pick<
  VirtualMachineDependencies,
  'power' | 'answer' | 'tickets' | 'screenshot'
> {
  return {
    power: {
      // What runs has reserved something of its pool: whoever asks after the operation is told so.
      powerOn: async vmxPath => {
        requirePowerOn();
        const run = await link().call('powerOn', { vmxPath });
        await pools().read();
        return run;
      },
      powerOff: async vmxPath => {
        await link().call('powerOff', { vmxPath });
        await pools().read();
      },
      reset: vmxPath => link().call('reset', { vmxPath }),
    },
    answer: (vmxPath, questionId, choice) => link().call('answer', { vmxPath, questionId, choice }),
    tickets: {
      issue: async request => (await link().call('issueTicket', request)).ticket,
      door: () => consoleDoor(),
    },
    screenshot: {
      png: async vmxPath => await toPng(await takePicture(link(), vmxPath)),
      names: async folder => (await link().files.list(folder)).map(({ name }) => name),
      write: (path, bytes) => link().files.writeAtomic(path, bytes),
    },
  };
}
