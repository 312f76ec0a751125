/**
 * procfs: the service console's /proc with /proc/vmware in it, by the FUSE protocol.
 *
 *   vmware-tree   the texts, from shared memory        tree   what a place of a file system is
 *   fuse-server   requests to answers; pure            main   the descriptor of /dev/fuse, Linux's own /proc
 *
 * - Linux's own /proc is mounted at /.proc; its entries are links there. Nothing of it passes through this process.
 * - What is read is what was true when the file was opened, of the memory that esxtop reads.
 * - It runs outside the console without a capability, answers every request at once, waits for nobody and touches no
 *   file of its own mount. Figures that are not measured have no column; a file that is not built is not there.
 */
export * from './fuse-server.js';
export * from './tree.js';
export * from './vmware-tree.js';
