/**
 * The VM's management over a ticketed connection, service `vmctl`: lines in, lines out. Our own design, described in
 * docs/console-protocols.md.
 *
 *   requests   a line to a request with the right it takes; pure
 *   service    one connection: a request after the other, its answer as one line
 *
 * - What changes the VM goes through the VMkernel's calls, as everybody's.
 * - The ticket's rights are those of its issue; each request is checked against them.
 */
export { type ManagementPorts, ManagementService } from './service.js';
