import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  CLONE_NEWPID,
  closeFd,
  pidfdOpen,
  pidfdSignal,
  setNamespace,
  unshare,
} from '../../../lib/linux/index.js';
import { ConsoleError } from './console-error.js';
import type { ConsoleSettings, EntrySettings } from './settings.js';

const SIGKILL = 9;

/**
 * Node opens its inspector at SIGUSR1, and the console's root may signal a launcher while that has the machine's
 * rights: that would be the way out. So it gets an address that cannot be bound (RFC 5737).
 */
export const NO_INSPECTOR = '--inspect-port=192.0.2.1:9229';

export interface ConsoleProgram {
  argv: readonly string[];
  environment: Readonly<Record<string, string>>;
  /** Descriptors 0, 1, 2 and on, as child_process takes them. */
  stdio: readonly ('pipe' | 'ignore' | number)[];
}

/** A program started in the console. `pid` is the machine's own. */
export interface ConsoleProcess {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Resolves when the program itself runs; rejects with ConsoleError when it could not be entered. */
  readonly entered: Promise<void>;
}

/**
 * The service console while it is up: its pid 1 and the way in. Children are born in its pid namespace because this
 * (main) thread joins it for the length of the fork; nothing else runs in between.
 */
export class ServiceConsole {
  readonly #pid1: ChildProcess;
  readonly #pidfd: number;
  readonly #ownPidNamespace: number;
  readonly #cgroupFolders: readonly string[];
  readonly #ended: Promise<void>;

  private constructor(
    pid1: ChildProcess,
    pidfd: number,
    ownPidNamespace: number,
    cgroupFolders: readonly string[],
  ) {
    this.#pid1 = pid1;
    this.#pidfd = pidfd;
    this.#ownPidNamespace = ownPidNamespace;
    this.#cgroupFolders = cgroupFolders;
    this.#ended = once(pid1, 'exit').then(() => undefined);
  }

  /** Builds the root file system and the namespaces. */
  static async start(settings: ConsoleSettings): Promise<ServiceConsole> {
    const own = openSync('/proc/self/ns/pid', 'r');
    const main = fileURLToPath(new URL('./pid1-main.js', import.meta.url));
    let child: ChildProcess;
    unshare(CLONE_NEWPID);
    try {
      child = spawn(settings.nodePath, [...LAUNCHER_FLAGS, main, JSON.stringify(settings)], {
        stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
        env: {},
        cwd: '/',
      });
    } finally {
      setNamespace(own, CLONE_NEWPID);
    }
    const pid = await pidOf(child, settings.nodePath);
    const pidfd = pidfdOpen(pid);
    const serviceConsole = new ServiceConsole(child, pidfd, own, settings.cgroupFolders);
    try {
      await launched(child, 3, 'service console');
    } catch (error) {
      await serviceConsole.stop();
      throw error;
    }
    return serviceConsole;
  }

  /** The machine's pid of the console's pid 1. */
  get pid(): number {
    return this.#pid1.pid ?? -1;
  }

  /** Resolves when pid 1, and with it every process of the console, has ended. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Starts a program inside. The path is the console's. */
  start(program: ConsoleProgram): ConsoleProcess {
    const keptFds = program.stdio.length;
    const settings: EntrySettings = {
      argv: [...program.argv],
      environment: { ...program.environment },
      keptFds,
      nullFds: program.stdio.flatMap((entry, fd) => (entry === 'ignore' ? [fd] : [])),
      cgroupFolders: this.#cgroupFolders,
    };
    const main = fileURLToPath(new URL('./enter-main.js', import.meta.url));
    const stdio: StdioOptions = [...program.stdio, this.#pidfd, 'pipe'];
    let child: ChildProcess;
    setNamespace(this.#pidfd, CLONE_NEWPID);
    try {
      child = spawn(process.execPath, [...LAUNCHER_FLAGS, main, JSON.stringify(settings)], {
        stdio,
        env: {},
      });
    } finally {
      setNamespace(this.#ownPidNamespace, CLONE_NEWPID);
    }
    const name = program.argv[0] ?? '';
    return { process: child, pid: child.pid ?? -1, entered: launched(child, keptFds + 1, name) };
  }

  /**
   * Puts what the holder of this descriptor of /dev/fuse serves at the console's /proc; without one, takes away what an
   * earlier holder served: Linux's own /proc lies below. @throws ConsoleError
   */
  async mountProc(fuseFd: number | undefined): Promise<void> {
    const main = fileURLToPath(new URL('./mount-proc-main.js', import.meta.url));
    const stdio: StdioOptions = ['ignore', 'ignore', 'ignore', fuseFd ?? 'ignore', this.#pidfd, 'pipe'];
    const what = fuseFd === undefined ? 'detach' : 'mount';
    const child = spawn(process.execPath, [...LAUNCHER_FLAGS, main, what], { stdio, env: {} });
    await launched(child, 5, 'procfs');
  }

  /** Runs a program to its end. @returns its standard output; throws ConsoleError when it fails */
  async run(argv: readonly string[], input: string): Promise<string> {
    const started = this.start({
      argv,
      environment: { PATH: '/usr/sbin:/usr/bin', HOME: '/root', LANG: 'C' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const { stdin, stdout, stderr } = started.process;
    const output: Buffer[] = [];
    const complaint: Buffer[] = [];
    stdout?.on('data', (chunk: Buffer) => output.push(chunk));
    stderr?.on('data', (chunk: Buffer) => complaint.push(chunk));
    const closed = once(started.process, 'close');
    await started.entered;
    stdin?.end(input);
    await closed;
    const { exitCode, signalCode } = started.process;
    if (exitCode !== 0)
      throw new ConsoleError('ProgramFailed', {
        program: argv[0] ?? '',
        status: exitCode ?? signalCode ?? 'unknown',
        complaint: Buffer.concat(complaint).toString('utf8').trim().slice(0, 2000),
      });
    return Buffer.concat(output).toString('utf8');
  }

  /** Ends every process of the console; its mounts go with the last of them. */
  async stop(): Promise<void> {
    pidfdSignal(this.#pidfd, SIGKILL);
    await this.#ended;
    this.release();
  }

  /** Lets go of a console that has ended. */
  release(): void {
    closeFd(this.#pidfd);
    closeSync(this.#ownPidNamespace);
  }
}

/** A launcher lives for a tenth of a second. */
const LAUNCHER_FLAGS = [NO_INSPECTOR, '--v8-pool-size=0', '--max-semi-space-size=1', '--no-warnings'];

async function pidOf(child: ChildProcess, path: string): Promise<number> {
  if (child.pid !== undefined) return child.pid;
  const [error] = await once(child, 'error');
  throw new ConsoleError('LauncherFailed', { program: path, reason: String(error) });
}

/** The launcher's error pipe closes without a word when the program has taken its place. */
async function launched(child: ChildProcess, errorFd: number, name: string): Promise<void> {
  const pipe = child.stdio[errorFd];
  let complaint = '';
  if (pipe !== null && pipe !== undefined) {
    pipe.on('data', (chunk: Buffer) => {
      complaint += chunk.toString('utf8');
    });
    await once(pipe, 'close');
  }
  if (complaint !== '') throw new ConsoleError('LauncherFailed', { program: name, reason: complaint });
}
