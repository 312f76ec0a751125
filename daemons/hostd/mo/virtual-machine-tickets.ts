import { TICKET_RIGHTS, type TicketRequest } from '../../../kernel/abi/index.js';
import type { VirtualMachineMksTicket } from '../../../lib/vim/index.js';
import {
  type CallContext,
  type MethodHandlers,
  notAuthenticated,
  notSupported,
} from '../../../lib/vim-server/index.js';
import type { VirtualMachine } from './virtual-machine.js';
import { requirePowerState } from './virtual-machine-power.js';

/** Where a client shows a ticket of a machine's console. */
export interface ConsoleDoor {
  readonly port: number;
  /** Of the certificate that is shown there; undefined while there is none. */
  readonly sslThumbprint: string | undefined;
}

export interface TicketOperations {
  /** @throws VmkernelError InvalidState */
  issue(request: TicketRequest): Promise<string>;
  door(): ConsoleDoor;
}

/** The host stays unnamed: it is the one that the client talks to. */
async function acquire(
  vm: VirtualMachine,
  service: TicketRequest['service'],
  call: CallContext,
): Promise<VirtualMachineMksTicket> {
  const { session } = call;
  const user = session?.userName;
  if (session === undefined || user === undefined) throw notAuthenticated(vm.ref, TICKET_RIGHTS[0]);
  requirePowerState(vm, 'poweredOn', 'poweredOn');
  const { tickets, events } = vm.dependencies;
  const { vmxPath } = vm;
  const rights = TICKET_RIGHTS.filter(right => session.may(vm, right));
  const ticket = await tickets.issue({ vmxPath, service, user, rights });
  events.post('VmAcquiredMksTicketEvent', { template: false }, { userName: user, entity: vm });
  const { port, sslThumbprint } = tickets.door();
  return { ticket, cfgFile: vmxPath, port, ...(sslThumbprint === undefined ? {} : { sslThumbprint }) };
}

export const ticketMethods: MethodHandlers<VirtualMachine> = {
  AcquireMksTicket: (vm, _, call) => acquire(vm, 'mks', call),
  AcquireTicket: (vm, { ticketType }, call) => {
    if (ticketType !== 'mks' && ticketType !== 'vmctl') throw notSupported();
    return acquire(vm, ticketType, call);
  },
};
