/**
 * init: boots a host in the product's order, owns its listening sockets, supervises its processes, takes it down.
 *
 *   host                a host from its first boot through reboots to its shutdown; its lock
 *   boot                one boot: its steps, the undo of each            control-server   the front door's way in
 *   listeners           the five ports, the only binding in the product   leftovers        what a killed boot left
 *   vmkernel            the VMkernel process                              host-folder, host-config   files in DIR
 *   vmkernel-requests   what the VMkernel asks of init: the host's power, its services
 *   console-supervisor  the service console and the daemons in it         supervised-daemon, restart-policy
 *   console-cgroups     what Linux limits it to            cgroup-places   where
  console-memory      its memory size, from esx.conf
 *   console/            the console's root file system, namespaces, confinement
 *
 * - Every step enters its undo before the next begins; shutdown, failure and the VMkernel's death run them in reverse.
 *   After that no process, mount, socket, cgroup or shared memory of the boot is left; logs and the console's files are.
 * - Processes are named by pidfd, or by pid and start time; never by pid alone.
 * - The VMkernel's death is the host's. init ends the rest, waits for the orphaned vmx (it is their subreaper) and
 *   exits; booting again is the caller's decision. A reboot that was asked for is a shutdown and a boot in one init.
 * - init's own death ends everything too: the console's pid 1 dies by PDEATHSIG and by the end of its input and takes
 *   its namespaces along; the VMkernel gets SIGTERM. The next boot clears what is left by DIR/run/init/boot.json.
 * - A daemon is running when it answers on its port. One that was stopped by wish stays so until it is started or the
 *   host boots; its ports refuse meanwhile.
 */
export { ConsoleError } from './console/console-error.js';
export type { HostStatus } from './host-status.js';
export { InitError } from './init-error.js';
export { PORTS, type PortName } from './listeners.js';
export type { DaemonState } from './supervised-daemon.js';
