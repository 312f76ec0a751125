import { startVmmWorker } from './vmm-worker.js';

/*
 * vmware-vmx, one process per powered-on VM. Started by the VMkernel with the control socket on fd 3, the RAM's memfd
 * on fd 4 and the disk ring's doorbell on fd 5. Ends when the VM does, and at once when the VMkernel is gone.
 *
 * The VMM thread is started before anything else is loaded: its isolate and engine come up beside this thread's modules.
 */
const vmm = startVmmWorker();
void import('./vmx-thread.js').then(({ runVmxThread }) => runVmxThread(vmm));
