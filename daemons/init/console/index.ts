/**
 * The service console: one persistent root file system with its own mount, pid, UTS, IPC and cgroup namespaces and
 * the machine's network, in which hostd, sshd and every session run.
 *
 *   service-console   starts it, starts programs in it, ends it     (runs in init)
 *   pid1-main         builds the root (build-root, usr, devices, furnish-etc, root-paths), becomes pid 1
 *   enter-main        enters the namespaces, becomes a program
 *   confine, seccomp  what both give up before: capabilities, system calls, CPUs, descriptors, resources
 *
 * - Nothing is written outside by a path that the console's root could have prepared: its files are touched only
 *   after its root is "/".
 * - A launcher has the machine's rights inside the console for a moment. In that moment it cannot be traced, looked
 *   into or talked to (not dumpable, no inspector); exec replaces its image by one from a read-only mount.
 * - A program of the console has no descriptor of a file of the machine's, /dev/null included.
 * - No user namespace: docs/adr/0005-console-without-user-namespace.md.
 */
export { ConsoleError } from './console-error.js';
export { type ConsoleProcess, type ConsoleProgram, ServiceConsole } from './service-console.js';
