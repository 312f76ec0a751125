/**
 * test/harness: private hosts for tests and benchmarks. A host is brought up by the front door, in a temporary folder
 * and on free ports, and driven by what its users have: the front door, ssh, serial ports, the control socket.
 *
 * Invariants: waiting is for a condition, with a limit and a name; stop() fails when anything of the host is left.
 */
export * from './host.js';
export * from './machine.js';
export * from './program.js';
export * from './reconfiguration.js';
export * from './serial-port.js';
export * from './until.js';
export * from './vm-group.js';
