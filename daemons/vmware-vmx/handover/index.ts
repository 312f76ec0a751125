/**
 * The VM's end of the ticketed path: vmkauthd hands connections over on a socket in the VM's private run folder, which
 * nobody in the service console can reach. The second TLS session is spoken here, by this process.
 *
 * - Whoever comes has used up a ticket; what the ticket is good for comes with the connection.
 * - The client first repeats the nonce of its THUMBPRINT: who did not speak in the first session does not in the second.
 * - A connection that does not come that far in time is closed. A user has so many on their way: his oldest goes.
 */
export { type HandedService, Handover, type HandoverOptions } from './handover.js';
export type { Bearer } from './second-session.js';
