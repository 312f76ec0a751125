import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CAPABILITY,
  type ExecOptions,
  exec,
  getAffinity,
  installSeccompFilter,
  limitCapabilities,
  pinToCpu,
  replaceFd,
  scopeAbstractSockets,
  setDumpable,
  setResourceLimit,
} from '../../../lib/linux/index.js';
import { consoleFilter } from './seccomp.js';

/**
 * What root of the service console may do: own its files and its accounts. No mounting, no devices, no modules, no
 * clock, no network settings, no ptrace past equals, no raw sockets, no ports below 1024 (init passes listeners in).
 */
export const CONSOLE_CAPABILITIES: readonly number[] = [
  CAPABILITY.CHOWN,
  CAPABILITY.DAC_OVERRIDE,
  CAPABILITY.FOWNER,
  CAPABILITY.FSETID,
  CAPABILITY.KILL,
  CAPABILITY.SETGID,
  CAPABILITY.SETUID,
  CAPABILITY.SYS_CHROOT,
];

const MAX_USER_TASKS = 1024;
/** hostd serves 4096 connections. */
const MAX_DESCRIPTORS = 8192;
const SOFT_DESCRIPTORS = 1024;
const MAX_LOCKED_BYTES = 8 << 20;

/**
 * Until {@link confineAndExec} this process has the machine's rights and is seen in the console: nobody there may
 * look in. Its start has closed the other door already (LAUNCHER_FLAGS): SIGUSR1 would open Node's inspector.
 */
export function hideFromConsole(): void {
  setDumpable(false);
  process.on('SIGUSR1', () => undefined);
}

/**
 * Moves this process, with what it will start, into the console's control groups; while the machine's own files are
 * still to be seen. "0" is the writer itself, whatever pid it has where (cgroups(7)).
 */
export function joinCgroups(folders: readonly string[]): void {
  for (const folder of folders) writeFileSync(join(folder, 'cgroup.procs'), '0');
}

export interface ConfinedProgram extends ExecOptions {
  /** Descriptors that are to be /dev/null: the console's, because whoever holds a descriptor of the machine's may chmod it. */
  nullFds: readonly number[];
  capabilities: readonly number[];
}

/** The last steps before a program of the console runs: PCPU 0, few capabilities, few system calls, then exec. */
export function confineAndExec(program: ConfinedProgram): never {
  const [pcpu0 = 0] = getAffinity();
  pinToCpu(0, pcpu0);
  const filter = consoleFilter();
  openNull(program.nullFds);
  process.chdir('/');
  process.umask(0o022);
  limitResources();
  scopeAbstractSockets();
  installSeccompFilter(filter);
  limitCapabilities(program.capabilities);
  exec(program);
}

/** What Linux limits by process or user. Processes of root are its control group's matter. */
function limitResources(): void {
  setResourceLimit('CORE', 0, 0);
  setResourceLimit('NPROC', MAX_USER_TASKS, MAX_USER_TASKS);
  setResourceLimit('NOFILE', SOFT_DESCRIPTORS, MAX_DESCRIPTORS);
  setResourceLimit('MEMLOCK', MAX_LOCKED_BYTES, MAX_LOCKED_BYTES);
}

function openNull(fds: readonly number[]): void {
  const nullFd = openSync('/dev/null', 'r+');
  for (const fd of fds) replaceFd(nullFd, fd);
  closeSync(nullFd);
}
