/**
 * The VMkernel's process: boots shared memory, scheduler, memory and storage in order (vmkernel.ts), answers control
 * calls (control-server.ts, call-handlers.ts), keeps the tables of groups, VMs and worlds (host-tables.ts), powers VMs
 * on by a ledger that undoes every step (power-on.ts, ledger.ts, vm-manager.ts), and tells changes (change-feed.ts).
 *
 * - This folder's main thread writes the file `host` and nothing else in shared memory.
 * - A thing is entered in a VM's ledger before it is made; unwinding runs in reverse and to the end.
 * - hostd and tools come by the control socket alone; a vmx is reached only from here.
 */
export * from './vmkernel.js';
export { VMX_ENVIRONMENT } from './vmx-process.js';
