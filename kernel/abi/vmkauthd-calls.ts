import type { CallFailure, TicketService } from './calls.js';

/**
 * What vmkauthd asks the VMkernel, on the socketpair that it inherits. Nobody else can redeem a ticket.
 */
export const VMKAUTHD_CONTROL_FD = 3;
/** The listening socket of the product's port 903. */
export const VMKAUTHD_LISTEN_FD = 4;

/** A running VM's own socket, in its private run folder: connections are handed over to it there. */
export const HANDOVER_SOCKET = 'handover.sock';

export interface RedeemRequest {
  readonly ticket: string;
  /** As the client named it. */
  readonly vmxPath: string;
  readonly service: TicketService;
}

export interface Redeemed {
  readonly worldId: number;
  readonly user: string;
  readonly rights: readonly string[];
  /** Where the VM's vmx takes the connection over. */
  readonly socketPath: string;
}

/** What a vmx is told with a connection. */
export interface VmOffer {
  readonly service: TicketService;
  /** What the client says first inside its second TLS session; '' where nothing is agreed. */
  readonly nonce: string;
  readonly user: string;
  readonly rights: readonly string[];
  readonly peer: string;
  /** PEM: the certificate that the client was told of, and its key. */
  readonly certificate: string;
  readonly key: string;
}

export type FromVmkauthd =
  | { readonly type: 'ready' }
  | { readonly type: 'redeem'; readonly id: number; readonly request: RedeemRequest }
  | { readonly type: 'checkTicket'; readonly id: number; readonly ticket: string };

export type ToVmkauthd =
  | { readonly type: 'done'; readonly id: number; readonly result: unknown }
  | { readonly type: 'refused'; readonly id: number; readonly error: CallFailure };
