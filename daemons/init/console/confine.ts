import {
  CAPABILITY,
  type ExecOptions,
  exec,
  getAffinity,
  installSeccompFilter,
  limitCapabilities,
  pinToCpu,
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

/** Until {@link confineAndExec} this process has the machine's rights inside the console: nobody there may look in. */
export function hideFromConsole(): void {
  setDumpable(false);
}

/** The last steps before a program of the console runs: PCPU 0, few capabilities, few system calls, then exec. */
export function confineAndExec(program: ExecOptions, capabilities: readonly number[]): never {
  const [pcpu0 = 0] = getAffinity();
  pinToCpu(0, pcpu0);
  const filter = consoleFilter();
  process.chdir('/');
  process.umask(0o022);
  installSeccompFilter(filter);
  limitCapabilities(capabilities);
  exec(program);
}
