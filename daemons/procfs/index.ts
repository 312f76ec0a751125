/**
 * procfs: the service console's /proc with /proc/vmware in it, by the FUSE protocol.
 *
 *   tree          what a place of a file system is     text, cpu-claims   how figures are written
 *   sched-files, vm-cpu-files < vmware-tree            the places, from shared memory
 *   vmkernel-link what is written, to the VMkernel     fuse-answers < fuse-server   requests to answers; pure
 *   main          the descriptor of /dev/fuse, Linux's own /proc
 *
 * - Linux's own /proc is mounted at /.proc; its entries are links there. Nothing of it passes through this process.
 * - What is read is what was true when the file was opened, of the memory that esxtop reads.
 * - A value that root writes goes to the VMkernel and holds when the write returns; an errno says that it does not.
 *   It is the only thing that is waited for, and it holds up no other request.
 * - It runs outside the console without a capability, answers every other request at once and touches no file of its
 *   own mount. Figures that are not measured have no column; a file that is not built is not there.
 */
export * from './fuse-server.js';
export * from './tree.js';
export * from './vmware-tree.js';
