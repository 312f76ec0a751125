/**
 * vmkauthd: a user world outside the service console, started by the VMkernel; the door on port 903, and the only way
 * from the console to a VM.
 *
 *   vmkernel-link   tickets, on the socketpair with the VMkernel that nobody else has
 *   world-keeper    redeems a ticket and offers the connection to the VM's vmx
 *   console-files   the host's certificate, read from the console's root file system
 *
 * - Tickets only: there are no accounts here.
 * - What authd hands over comes on a unix socket that the console sees, root's alone; it is redeemed as any other.
 * - Nothing is kept of a connection that was handed over.
 */
export { WorldKeeper } from './world-keeper.js';
