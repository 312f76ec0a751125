import { type Redeemed, type TicketService, VmkernelError, type VmOffer } from '../../kernel/abi/index.js';
import { type ConnectRequest, type DoorKeeper, DoorRefusal } from '../../lib/authd/index.js';
import { HandoverError, type Offer, offerConnection } from '../../lib/handover/index.js';
import type { Logger } from '../../lib/log/index.js';
import type { CertificateFile } from '../../lib/tls/index.js';
import type { VmkernelLink } from './vmkernel-link.js';

/** A client with a ticket, wherever it knocked. */
export interface TicketBearer {
  readonly ticket: string;
  readonly vmxPath: string;
  readonly service: TicketService;
  readonly nonce: string;
  readonly peer: string;
}

/** Behind vmkauthd's door: tickets, and the VMs. */
export class WorldKeeper implements DoorKeeper {
  constructor(
    private readonly vmkernel: VmkernelLink,
    private readonly certificate: CertificateFile,
    private readonly logger: Logger,
  ) {}

  /** There are no accounts here. */
  async verifyPassword(): Promise<boolean> {
    return false;
  }

  async checkTicket(ticket: string): Promise<string | undefined> {
    try {
      return (await this.vmkernel.checkTicket(ticket)).user;
    } catch (error) {
      if (error instanceof VmkernelError && error.code === 'NotFound') return undefined;
      throw error;
    }
  }

  async connect(request: ConnectRequest, fd: number, peer: string): Promise<Offer> {
    const { vmxPath, service, identity, nonce } = request;
    if (identity.kind !== 'ticket') throw new DoorRefusal('Only a ticket opens here');
    if (service !== 'mks' && service !== 'vmctl')
      throw new DoorRefusal(`There is no service ${service.slice(0, 32)}`);
    return this.offer({ ticket: identity.ticket, vmxPath, service, nonce, peer }, fd);
  }

  /** Uses the ticket up and offers the connection to the VM. @throws HandoverError */
  async offer(bearer: TicketBearer, fd: number): Promise<Offer> {
    const { ticket, vmxPath, service, nonce, peer } = bearer;
    const shown = this.certificate.current();
    if (shown === undefined) throw new HandoverError('Refused', 'The host has no certificate yet');
    const { socketPath, user, rights, worldId } = await this.#redeem({ ticket, vmxPath, service });
    const { cert: certificate, key } = shown;
    const message: VmOffer = { service, nonce, user, rights, peer, certificate, key };
    const offer = await offerConnection(socketPath, fd, message);
    this.logger.info({ world: worldId, peer, user }, `${service} of ${vmxPath}`);
    return offer;
  }

  async #redeem(request: Pick<TicketBearer, 'ticket' | 'vmxPath' | 'service'>): Promise<Redeemed> {
    try {
      return await this.vmkernel.redeem(request);
    } catch (error) {
      throw error instanceof VmkernelError ? new HandoverError('Refused', error.message) : error;
    }
  }
}
