import type { ToVmx } from '../../kernel/abi/index.js';
import { limitHeapArenas, setParentDeathSignal, setThreadName } from '../../lib/linux/index.js';
import { VmkernelLink } from './control.js';
import { Vmx } from './vmx.js';

/*
 * vmware-vmx, one process per powered-on VM. Started by the VMkernel with the control socket on fd 3, the RAM's memfd
 * on fd 4 and the disk ring's doorbell on fd 5. Ends when the VM does, and at once when the VMkernel is gone.
 */
const SIGKILL = 9;
const dieAtOnce = () => process.kill(process.pid, 'SIGKILL');

setParentDeathSignal(SIGKILL);
setThreadName('vmware-vmx');
limitHeapArenas(1);
// A terminal's signals are for the host, which powers its VMs off in order; SIGTERM is meant for this VM.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('SIGTERM', () => {
  if (vmx === undefined) dieAtOnce();
  else void vmx.then(one => one.terminate(), dieAtOnce);
});

let vmx: Promise<Vmx> | undefined;
const link = new VmkernelLink(receive, dieAtOnce);

function receive(message: ToVmx): void {
  if (message.type !== 'start') {
    void vmx?.then(one => one.receive(message), dieAtOnce);
    return;
  }
  const options = {
    send: link.send.bind(link),
    drained: () => link.drained(),
    exit: (hard: boolean) => {
      if (hard) dieAtOnce();
      else process.exit(0);
    },
  };
  vmx = Vmx.start(options, message.start);
  vmx.catch(async error => {
    const { code, message: reason } = error as { code?: unknown; message?: unknown };
    link.send({ type: 'failed', code: String(code ?? 'Internal'), reason: String(reason ?? error) });
    await link.drained();
    dieAtOnce();
  });
}
