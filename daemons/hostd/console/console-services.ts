import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceName } from '../../../kernel/abi/index.js';
import { readConsoleFile } from './console-files.js';

/** A daemon of the service console. init starts all of them and starts again what dies. */
export interface ConsoleService {
  readonly key: string;
  /** What init calls it. */
  readonly daemon: ServiceName;
  readonly label: string;
  /** The host cannot be managed without it. */
  readonly required: boolean;
  readonly running: boolean;
}

interface ServiceProgram {
  readonly key: string;
  readonly daemon: ServiceName;
  readonly label: string;
  readonly required: boolean;
  /** Tells its command line. */
  readonly runs: RegExp;
}

const programs: readonly ServiceProgram[] = [
  {
    key: 'mgmt-vmware',
    daemon: 'hostd',
    label: 'VMware ESX Server Host Agent',
    required: true,
    runs: /\/hostd\/main\.js/,
  },
  { key: 'sshd', daemon: 'sshd', label: 'SSH Server', required: false, runs: /^sshd(\0|$)|\/sshd\/main\.js/ },
];

/** Which daemons run, by the console's process table. */
export class ConsoleServices {
  readonly #root: string;

  constructor(consoleRoot = '/') {
    this.#root = consoleRoot;
  }

  list(): ConsoleService[] {
    const commandLines = readdirSync(join(this.#root, 'proc'))
      .filter(name => /^\d+$/.test(name))
      .map(pid => readCommandLine(this.#root, pid));
    return programs.map(({ key, daemon, label, required, runs }) => ({
      key,
      daemon,
      label,
      required,
      running: commandLines.some(line => runs.test(line)),
    }));
  }
}

/** '' for a process that has ended meanwhile. */
function readCommandLine(root: string, pid: string): string {
  try {
    return readConsoleFile(root, `proc/${pid}/cmdline`);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return '';
    throw error;
  }
}
