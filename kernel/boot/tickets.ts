import { randomBytes } from 'node:crypto';
import { type TicketInfo, type TicketRequest, VmkernelError } from '../abi/index.js';

/** An unused ticket is good for so long: a client comes at once with it, and a stolen one is soon worth nothing. */
export const TICKET_LIFE_MS = 30_000;
/** Unused tickets of one VM, and of one user for it: for another one the user's oldest goes, or that of who has most. */
export const MAX_PER_VM = 128;
export const MAX_PER_USER = 32;
/** hostd's identifiers begin with these digits; a client tells a ticket from a user's name by the whole form. */
const FIRST_BYTE = 0x52;
const ID_BYTES = 16;

export interface TicketClock {
  nowMs(): number;
  /** So many bytes nobody can guess. */
  random(count: number): Uint8Array;
}

/** A ticket whose holder may go through. */
export interface RedeemedTicket extends TicketInfo {
  readonly rights: readonly string[];
}

interface Ticket extends RedeemedTicket {
  /** Of this power-on of the VM: at another it is another. */
  readonly worldId: number;
  readonly expiresMs: number;
}

/**
 * The host's tickets: each opens one VM's console or management, in this power-on of it, once and soon. Presenting a
 * ticket for what it was not issued for uses it up, too.
 */
export class Tickets {
  readonly #clock: TicketClock;
  /** In the order of their ends: all live equally long. */
  readonly #tickets = new Map<string, Ticket>();

  constructor(clock: Partial<TicketClock> = {}) {
    this.#clock = { nowMs: () => performance.now(), random: randomBytes, ...clock };
  }

  /** Unused and still good. */
  get size(): number {
    this.#forgetExpired();
    return this.#tickets.size;
  }

  issue(worldId: number, request: TicketRequest): string {
    this.#forgetExpired();
    this.#makeRoom(worldId, request.user);
    const id = uuidOf(this.#clock.random(ID_BYTES));
    const { vmxPath, service, user, rights } = request;
    const expiresMs = this.#clock.nowMs() + TICKET_LIFE_MS;
    this.#tickets.set(id, { worldId, vmxPath, service, user, rights, expiresMs });
    return id;
  }

  /** Whose ticket it is and what for; it stays good. @throws VmkernelError NotFound when there is none such (any more) */
  check(id: string): TicketInfo {
    const { vmxPath, service, user } = this.#find(id);
    return { vmxPath, service, user };
  }

  /** Uses it up. @throws VmkernelError NotFound, PermissionDenied when it is for another VM or service */
  redeem(id: string, worldId: number, service: TicketInfo['service']): RedeemedTicket {
    const ticket = this.#find(id);
    this.#tickets.delete(id);
    if (ticket.worldId !== worldId || ticket.service !== service)
      throw new VmkernelError('PermissionDenied', 'The ticket is for another virtual machine or service', {});
    return ticket;
  }

  /** The VM is off: its tickets open nothing any more. */
  forgetVm(worldId: number): void {
    for (const [id, ticket] of this.#tickets) if (ticket.worldId === worldId) this.#tickets.delete(id);
  }

  /** Nobody's asking keeps another from a ticket. */
  #makeRoom(worldId: number, user: string): void {
    const byUser = new Map<string, string[]>([[user, []]]);
    let count = 0;
    for (const [id, ticket] of this.#tickets) {
      if (ticket.worldId !== worldId) continue;
      count++;
      byUser.set(ticket.user, [...(byUser.get(ticket.user) ?? []), id]);
    }
    const own = byUser.get(user) ?? [];
    const most = [...byUser.values()].reduce((a, b) => (b.length > a.length ? b : a), own);
    const oldest = own.length >= MAX_PER_USER ? own[0] : count >= MAX_PER_VM ? most[0] : undefined;
    if (oldest !== undefined) this.#tickets.delete(oldest);
  }

  #find(id: string): Ticket {
    this.#forgetExpired();
    const found = this.#tickets.get(id);
    if (found === undefined)
      throw new VmkernelError(
        'NotFound',
        'There is no such ticket: it was used, has expired or never was',
        {},
      );
    return found;
  }

  #forgetExpired(): void {
    const nowMs = this.#clock.nowMs();
    for (const [id, { expiresMs }] of this.#tickets) {
      if (expiresMs > nowMs) return;
      this.#tickets.delete(id);
    }
  }
}

/** `52cf8c64-9343-7cb7-d151-1bfc481bb7d5` */
function uuidOf(random: Uint8Array): string {
  const hex = Buffer.from([FIRST_BYTE, ...random.subarray(1)]).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
