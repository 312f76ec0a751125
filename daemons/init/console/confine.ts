import { closeSync, openSync } from 'node:fs';
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

/**
 * Until {@link confineAndExec} this process has the machine's rights and is seen in the console: nobody there may
 * look in. Its start has closed the other door already (LAUNCHER_FLAGS): SIGUSR1 would open Node's inspector.
 */
export function hideFromConsole(): void {
  setDumpable(false);
  process.on('SIGUSR1', () => undefined);
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
  scopeAbstractSockets();
  installSeccompFilter(filter);
  limitCapabilities(program.capabilities);
  exec(program);
}

function openNull(fds: readonly number[]): void {
  const nullFd = openSync('/dev/null', 'r+');
  for (const fd of fds) replaceFd(nullFd, fd);
  closeSync(nullFd);
}
