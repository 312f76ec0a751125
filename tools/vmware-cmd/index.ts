/**
 * vmware-cmd: a virtual machine by the path of its .vmx, on the service console's command line, over SOAP.
 *
 * Layers: vm-control-error (what the product says of failures) < control (the session, and machines by their paths)
 *         < *-operations (a table per subject) < operations (all of them) < command-line < main.
 *
 * Invariants
 * - Every answer is `operation(arguments) = value`; with -q the value alone.
 * - A failure is one VMControl error on stderr and status 255; a command line that is none has status 1.
 * - Without a user it logs in as who runs it, by a local ticket.
 */
export * from './command-line.js';
export * from './control.js';
export * from './operations.js';
export * from './vm-control-error.js';
