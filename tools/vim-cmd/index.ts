/**
 * vim-cmd (vmware-vim-cmd): the host agent's operations on the service console's command line, over SOAP.
 *
 * Layers: agent (what commands need of lib/vim-client) < targets (VMs, datastores, managers by what users call them),
 *         dump (values as text) < *-commands (a table per subject) < commands (all of them)
 *         < dispatch (arguments) < main.
 *
 * Invariants
 * - Speaks to hostd only; what a command prints came from hostd in that run.
 * - Without a user, it logs in as who runs it, by a local ticket: a password that hostd put where only that user reads.
 * - A command that failed says why on stderr and ends with status 1.
 */
export * from './agent.js';
export * from './dispatch.js';
