/**
 * tools/esx/vm-console: the screen of a VM on this machine. One ticket is turned into one connection to the VM, which is
 * held until this ends; viewers come and go over it.
 *
 *   ticket        SOAP: AcquireMksTicket, and from the ticket to a stream at RFB's ServerInit
 *   gateway       the VM's picture on one side, viewers' sessions on the other
 *   vnc-port      a port of 127.0.0.1 for stock viewers; peer-user: whose they are
 *   web-console   noVNC over WebSockets, opened by a link that works once; web-page: what the browser shows
 *
 * Invariants
 * - Ports are bound on 127.0.0.1. The plain port serves viewers of root and of the user whose this process
 *   is, by Linux's word; the web console whoever has its cookie.
 * - Whatever ends the connection to the VM ends this.
 */
export { showScreen } from './show-screen.js';
export { connectScreen } from './ticket.js';
