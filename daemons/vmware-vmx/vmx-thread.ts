import type { Worker } from 'node:worker_threads';
import type { ToVmx } from '../../kernel/abi/index.js';
import { limitHeapArenas, setParentDeathSignal, setThreadName } from '../../lib/linux/index.js';
import { VmkernelLink } from './control.js';
import { Vmx } from './vmx.js';

const SIGKILL = 9;
const dieAtOnce = () => process.kill(process.pid, 'SIGKILL');

/** The VMX thread: names and protects this process, then does what the VMkernel says. */
export function runVmxThread(vmm: Worker): void {
  setParentDeathSignal(SIGKILL);
  setThreadName('vmware-vmx');
  limitHeapArenas(1);
  let vmx: Promise<Vmx> | undefined;
  // A terminal's signals are for the host, which powers its VMs off in order; SIGTERM is meant for this VM.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.on('SIGTERM', () => {
    if (vmx === undefined) dieAtOnce();
    else void vmx.then(one => one.terminate(), dieAtOnce);
  });
  const link = new VmkernelLink(message => {
    if (message.type === 'start') vmx = startVmx(link, message.start, vmm);
    else void vmx?.then(one => one.receive(message), dieAtOnce);
  }, dieAtOnce);
}

function startVmx(
  link: VmkernelLink,
  start: Extract<ToVmx, { type: 'start' }>['start'],
  vmm: Worker,
): Promise<Vmx> {
  const options = {
    send: link.send.bind(link),
    drained: () => link.drained(),
    exit: (hard: boolean) => {
      if (hard) dieAtOnce();
      else process.exit(0);
    },
  };
  const vmx = Vmx.create(options, start, vmm);
  const poweredOn = vmx.then(one => one.powerOn());
  poweredOn.catch(async error => {
    const { code, message: reason } = error as { code?: unknown; message?: unknown };
    link.send({ type: 'failed', code: String(code ?? 'Internal'), reason: String(reason ?? error) });
    await link.drained();
    dieAtOnce();
  });
  return vmx;
}
