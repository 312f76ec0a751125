import type { Offer } from '../handover/index.js';
import type { ConnectRequest } from './session.js';

/** A client is told this reason. */
export class DoorRefusal extends Error {
  override readonly name = 'DoorRefusal';
}

/** What is behind a door. */
export interface DoorKeeper {
  verifyPassword(user: string, password: string, address: string): Promise<boolean>;
  /** @returns whose it is; undefined: it is good for nothing */
  checkTicket(ticket: string): Promise<string | undefined>;
  /** Offers the connection behind `fd`, which stays the door's. @throws DoorRefusal, HandoverError */
  connect(request: ConnectRequest, fd: number, peer: string): Promise<Offer>;
}
