/**
 * vim-cmd (vmware-vim-cmd): the host agent's operations on the service console's command line, over SOAP.
 *
 * Layers: agent (what commands need of lib/vim-client) < commands (one function per command, to text)
 *         < dispatch (arguments) < connect (endpoint, login), main.
 *
 * Invariants
 * - Speaks to hostd only; what a command prints came from hostd in that run.
 * - Without a user, it logs in as who runs it, by a local ticket: a password that hostd put where only that user reads.
 * - A command that failed says why on stderr and ends with status 1.
 */
export * from './agent.js';
export * from './dispatch.js';
