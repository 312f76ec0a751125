import type { TLSSocket } from 'node:tls';
import { AuthdClientError, connectByTicket } from '../../../lib/authd/index.js';
import type { ManagedObjectReference, VirtualMachineMksTicket } from '../../../lib/vim/index.js';
import type { VimClient } from '../../../lib/vim-client/index.js';
import { FrontDoorError } from '../errors.js';
import type { InitStatus } from '../init-client.js';
import { addressOf, logIn, said } from '../soap-session.js';

const NAME = 'name';
const PATH_NAME = 'summary.config.vmPathName';

/**
 * Gets a ticket for the VM's screen and turns it into the connection, at RFB's ServerInit.
 * @param wanted the VM's name, number or datastore path
 * @throws FrontDoorError UnknownVm, VmFailed
 */
export async function connectScreen(init: InitStatus, password: string, wanted: string): Promise<TLSSocket> {
  const ticket = await ticketFor(init, password, wanted);
  try {
    return await connectByTicket({
      host: addressOf(init),
      port: ticket.port ?? init.ports.authd,
      ticket: ticket.ticket,
      vmxPath: ticket.cfgFile,
      service: 'mks',
      ...(ticket.sslThumbprint === undefined ? {} : { thumbprint: ticket.sslThumbprint }),
    });
  } catch (cause) {
    const reason = cause instanceof AuthdClientError ? `${cause.message} (${cause.code})` : String(cause);
    throw new FrontDoorError('VmFailed', `the console of ${wanted} cannot be reached: ${reason}`, undefined, {
      cause,
    });
  }
}

async function ticketFor(
  init: InitStatus,
  password: string,
  wanted: string,
): Promise<VirtualMachineMksTicket> {
  const client = await logIn(init, password);
  try {
    const vm = await said('looking for the VM', () => findVm(client, wanted));
    return await said('asking for a ticket', () => client.call(vm, 'AcquireMksTicket', {}));
  } finally {
    await client.logout().finally(() => client.close());
  }
}

async function findVm(client: VimClient, wanted: string): Promise<ManagedObjectReference> {
  const vms = await client.find('VirtualMachine', [NAME, PATH_NAME]);
  const found = vms.filter(
    ({ object, properties }) =>
      object.value === wanted || properties.get(NAME) === wanted || properties.get(PATH_NAME) === wanted,
  );
  const [vm] = found;
  if (vm === undefined)
    throw new FrontDoorError('UnknownVm', `this host has no VM ${wanted}`, './esx status lists them.');
  if (found.length > 1)
    throw new FrontDoorError(
      'UnknownVm',
      `${found.length} VMs are called ${wanted}`,
      'Name it by its number: ./esx status lists them.',
    );
  return vm.object;
}
