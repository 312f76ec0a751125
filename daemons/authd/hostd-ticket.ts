import type { TicketService } from '../../kernel/abi/index.js';
import { DoorRefusal } from '../../lib/authd/index.js';
import { type ApiVersion, ManagedObjectReference } from '../../lib/vim/index.js';
import { localAddress, openSession, VimClientError, VimClientFault } from '../../lib/vim-client/index.js';

export interface WantedTicket {
  readonly user: string;
  readonly vmxPath: string;
  readonly service: TicketService;
}

/** AcquireTicket, which knows every service, came with it. */
const VERSION: ApiVersion = '4.1';

const datacenter = new ManagedObjectReference('Datacenter', 'ha-datacenter');

/**
 * A ticket as hostd gives it to this user, who has logged in at authd: by a local ticket, which root may read.
 * @throws DoorRefusal when hostd says no, or does not live
 */
export async function acquireTicket(wanted: WantedTicket): Promise<string> {
  try {
    return await asUser(wanted);
  } catch (error) {
    if (error instanceof VimClientError)
      throw new DoorRefusal('The host agent, which knows permissions, is not there');
    if (error instanceof VimClientFault) throw new DoorRefusal(error.message);
    throw error;
  }
}

async function asUser({ user, vmxPath, service }: WantedTicket): Promise<string> {
  const login = { host: null, port: null, user, password: null, version: VERSION };
  const { client, close } = await openSession(login, localAddress());
  try {
    const { searchIndex } = client.content;
    if (searchIndex === undefined) throw new DoorRefusal('The host agent has no inventory');
    const vm = await client.call(searchIndex, 'FindByDatastorePath', { datacenter, path: vmxPath });
    if (vm === undefined) throw new DoorRefusal(`There is no virtual machine ${vmxPath}`);
    return (await client.call(vm, 'AcquireTicket', { ticketType: service })).ticket;
  } finally {
    await close();
  }
}
