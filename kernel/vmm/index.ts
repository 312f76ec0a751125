/**
 * The vmx's ends of the VMkernel's boundaries: dispatch of a virtual CPU (dispatch.ts), guest RAM (ram.ts), the disk
 * ring (disk-port.ts, disk-ring.ts). Only daemons/vmware-vmx imports this folder.
 *
 * Nothing here decides: grants, frames and completions come from the VMkernel.
 */
export * from './disk-port.js';
export * from './disk-ring.js';
export * from './dispatch.js';
export * from './ram.js';
