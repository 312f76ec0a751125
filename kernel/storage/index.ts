/**
 * Storage: datastores, files on them, the disks of virtual machines.
 *
 *   system.ts       StorageSystem: what the VMkernel's main thread calls
 *   datastores.ts   folder datastores, their volume ids, paths        file-calls.ts   the control socket's file calls
 *   disk-opener.ts  files, locks and ring of a VM's disks             ring-files.ts   the ring's shared memory
 *   files/          one worker per datastore: paths beneath its folder, contents, locks, opening of disks
 *   jobs/           one worker per datastore: long work, cancellable: disks made, copied, zeroed; uploads; the journal
 *   job-calls.ts    the control socket's calls of such work
 *   thread/         the storage thread (rings, SCSI, statistics) and the I/O workers of each datastore
 *   scsi/           what a virtual disk answers: CDBs, sense, pages; no I/O
 *
 * Invariants
 * - The storage thread sleeps in epoll only. Files are read and written by I/O workers (or from Linux's cache, where
 *   that cannot wait), two per datastore; file calls by the datastore's file worker. One that hangs holds up its own.
 * - The VMM's file is mapped read-only and believed in nothing. A request's slot, tag and arena bytes are storage's
 *   from head moving until its completion is posted; in between exactly one I/O worker writes them.
 * - No path leaves its datastore: every access resolves beneath its folder, through no symbolic link.
 * - Work of several steps on files happens or does not, whatever is killed: its files have other names until its
 *   commit, and an entry in the journal (`datastores/.jobs`) says what the next start has to end or to take back.
 * - An abort or reset is acknowledged when nothing it covers can take effect any more.
 * - A write to a disk that claims no write cache is on stable storage before it completes.
 */
export type { Datastore, ResolvedPath } from './datastores.js';
export type { DiskRequest, DiskVm, OpenedDisks } from './disk-opener.js';
export type { FileCallName, FileCallReply, FileCalls } from './file-calls.js';
export type { JobCaller, JobCalls } from './job-calls.js';
export { IDE_RING_SIZES, type RingNames, type RingSizes } from './ring-files.js';
export { type StorageOptions, StorageSystem, type VmxLock } from './system.js';
