/**
 * hostd, the host's management server: SOAP on /sdk, datastore files on /folder. It owns vmInventory.xml, the
 * host's certificate and its clients' sessions; machines, files and figures are the VMkernel's, reached by
 * kernel/client. It may die at any moment: what it needs to come back is in vmInventory.xml, in its SQLite file and in the VMkernel.
 *
 * Sessions, collectors, tasks, views and SOAP itself are lib/vim-server's. Layers, each using only those before it
 *   vmkernel/    the connection to the VMkernel and what its errors are to a client
 *   machine/ console/ vm-config/   the machine and the service console; what a .vmx says, and what a spec
 *                makes of it (vm-config/spec)
 *   performance/ what host, machines and pools used over the past hour and day
 *   store/       hostd's SQLite file: tasks, events, permissions, intents; it is lived without when it must be
 *   mo/          managed objects, a file each; mo/host/ the host itself and the managers of its parts
 *   access/      roles and permissions on this host's tree, privileges of its calls; the console's accounts
 *   screen/      what a machine shows, as PNG
 *   inventory/   which machines, datastores and resource pools there are, and which machine is in which pool, kept
 *                equal to the VMkernel by its change feed
 *   vm-life/     creation, reconfiguration and deletion of machines, crash-safe by intents
 *   resources/   what clients do with resource pools and the allocations in them, by the VMkernel's calls
 *   storage/     what clients ask of files and disks on datastores: names, tasks over the VMkernel's calls, searches
 *   folder/ tls/ files over HTTP, streamed in both directions; the certificate
 *   host.ts, host-objects.ts   put them together without sockets; main.ts adds sockets, files and signals
 *
 * Invariants: a property is read from what the VMkernel or a file last said, never from a copy that could disagree
 * with it; nothing polls; a call ends with its value or with one typed fault.
 */

export type { HostDependencies, HostOptions } from './host.js';
export { Host } from './host.js';
