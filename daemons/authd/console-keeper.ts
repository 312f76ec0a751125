import { join } from 'node:path';
import { TICKET_RIGHTS, type TicketService, VmkernelError } from '../../kernel/abi/index.js';
import { VmkernelClient } from '../../kernel/client/index.js';
import { LoginGuard, readAccount, verifyPassword } from '../../lib/auth/index.js';
import { type ConnectRequest, type DoorKeeper, DoorRefusal } from '../../lib/authd/index.js';
import { type Offer, offerConnection } from '../../lib/handover/index.js';
import type { Logger } from '../../lib/log/index.js';

export interface ConsoleKeeperPaths {
  readonly etcFolder: string;
  /** The VMkernel's control socket, and vmkauthd's, as the console sees them. */
  readonly kernelSocket: string;
  readonly vmkauthdSocket: string;
}

const ROOT_UID = 0;

/** Behind authd's door: the accounts of the service console, tickets of the VMkernel, and vmkauthd. */
export class ConsoleKeeper implements DoorKeeper {
  readonly #paths: ConsoleKeeperPaths;
  readonly #guard: LoginGuard;

  constructor(paths: ConsoleKeeperPaths, logger: Logger) {
    this.#paths = paths;
    this.#guard = new LoginGuard({
      lockedOut: ({ account = 'unknown users', address }) =>
        logger.warn({ peer: address }, `too many wrong passwords: ${account} is closed to this address`),
    });
  }

  async verifyPassword(user: string, password: string, address: string): Promise<boolean> {
    const known = await readAccount(join(this.#paths.etcFolder, 'passwd'), user);
    return this.#guard.check({ account: known?.name, address }, () =>
      verifyPassword(join(this.#paths.etcFolder, 'shadow'), user, password),
    );
  }

  checkTicket(ticket: string): Promise<string | undefined> {
    return this.#withKernel(async kernel => {
      try {
        return (await kernel.call('checkTicket', { ticket })).user;
      } catch (error) {
        if (error instanceof VmkernelError && error.code === 'NotFound') return undefined;
        throw error;
      }
    });
  }

  async connect(request: ConnectRequest, fd: number, peer: string): Promise<Offer> {
    const { vmxPath, identity, nonce } = request;
    const service = serviceNamed(request.service);
    const ticket =
      identity.kind === 'ticket' ? identity.ticket : await this.#ticketFor(identity.user, vmxPath, service);
    return offerConnection(this.#paths.vmkauthdSocket, fd, { ticket, vmxPath, service, nonce, peer });
  }

  async #ticketFor(user: string, vmxPath: string, service: TicketService): Promise<string> {
    const account = await readAccount(join(this.#paths.etcFolder, 'passwd'), user);
    if (account?.uid !== ROOT_UID) return this.#ticketOfHostd(user, vmxPath, service);
    return this.#withKernel(async kernel => {
      try {
        return (await kernel.call('issueTicket', { vmxPath, service, user, rights: TICKET_RIGHTS })).ticket;
      } catch (error) {
        throw error instanceof VmkernelError ? new DoorRefusal(error.message) : error;
      }
    });
  }

  async #ticketOfHostd(user: string, vmxPath: string, service: TicketService): Promise<string> {
    // Loaded only here: root and ticket holders need no hostd.
    const { acquireTicket } = await import('./hostd-ticket.js');
    return acquireTicket({ user, vmxPath, service });
  }

  async #withKernel<T>(work: (kernel: VmkernelClient) => Promise<T>): Promise<T> {
    const kernel = await VmkernelClient.connect(this.#paths.kernelSocket);
    try {
      return await work(kernel);
    } finally {
      kernel.close();
    }
  }
}

function serviceNamed(name: string): TicketService {
  if (name === 'mks' || name === 'vmctl') return name;
  throw new DoorRefusal(`There is no service ${name.slice(0, 32)}`);
}
