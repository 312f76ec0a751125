import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../lib/log/index.js';
import type { ConsoleProcess, ServiceConsole } from './console/service-console.js';
import { NO_INSPECTOR } from './console/service-console.js';
import { readiness } from './process-output.js';
import { SupervisedDaemon } from './supervised-daemon.js';

const DEVICE = '/dev/fuse';
const READY_FD = 4;

export interface ProcFilesOptions {
  treeFolder: string;
  nodePath: string;
  sharedMemory: string;
  controlSocket: string;
  /** The console that is up now. */
  console: () => ServiceConsole | undefined;
  logger: Logger;
}

/**
 * The process that serves the console's /proc with /proc/vmware in it. It runs outside the console, without any
 * capability, on shared memory mapped read-only; what root writes there goes to the VMkernel by its control socket. The console works without it: when it dies /proc is Linux's own until
 * the next one is ready, and where Linux has no FUSE /proc is Linux's own.
 */
export class ProcFiles {
  readonly #options: ProcFilesOptions;
  readonly #daemon: SupervisedDaemon | undefined;
  #fuseFd = -1;
  /** In which console /proc was mounted last. */
  #mounted: ServiceConsole | undefined;

  constructor(options: ProcFilesOptions) {
    this.#options = options;
    const { logger } = options;
    if (!canServeProc()) logger.warn(`${DEVICE} cannot be opened: the console has no /proc/vmware`);
    else
      this.#daemon = new SupervisedDaemon({
        name: 'procfs',
        start: () => this.#start(),
        ready: (_signal, { process }) => this.#mount(process),
        logger,
      });
  }

  /** Undefined where Linux has no FUSE. */
  get daemon(): SupervisedDaemon | undefined {
    return this.#daemon;
  }

  start(): void {
    this.#daemon?.start();
  }

  async stop(as: 'stopped' | 'restarting'): Promise<void> {
    await this.#daemon?.stop(as);
    this.#closeDevice();
  }

  #start(): ConsoleProcess {
    const { treeFolder, nodePath, sharedMemory, controlSocket } = this.#options;
    const pid1 = this.#options.console()?.pid;
    if (pid1 === undefined) throw new Error('the service console is down');
    this.#closeDevice();
    this.#fuseFd = openSync(DEVICE, 'r+');
    const child = spawn(
      'setpriv',
      [
        ...['--pdeathsig', 'KILL', '--no-new-privs', '--bounding-set', '-all', '--inh-caps', '-all'],
        ...[nodePath, NO_INSPECTOR, '--max-semi-space-size=1', '--v8-pool-size=1', '--max-old-space-size=16'],
        ...[join(treeFolder, 'dist/daemons/procfs/main.js'), '--fuse-fd', '3', '--ready-fd', '4'],
        ...['--shm-dir', sharedMemory, '--control-socket', controlSocket],
        ...['--proc-dir', `/proc/${pid1}/root/.proc`],
      ],
      {
        stdio: ['ignore', 'ignore', 'pipe', this.#fuseFd, 'pipe'],
        env: { PATH: '/usr/bin', UV_THREADPOOL_SIZE: '1' },
      },
    );
    return { process: child, pid: child.pid ?? -1, entered: Promise.resolve() };
  }

  /** Whoever serves it holds the device alone: with its end the mount is dead, and no reader waits for ever. */
  async #mount(server: ChildProcess): Promise<void> {
    const serviceConsole = this.#options.console();
    try {
      if (this.#mounted === serviceConsole) await serviceConsole?.mountProc(undefined);
      await readiness(server, READY_FD);
      await serviceConsole?.mountProc(this.#fuseFd);
      this.#mounted = serviceConsole;
    } finally {
      this.#closeDevice();
    }
  }

  #closeDevice(): void {
    if (this.#fuseFd >= 0) closeSync(this.#fuseFd);
    this.#fuseFd = -1;
  }
}

/** It is not there, Linux has no FUSE behind it, or an ordinary user may not. */
export function canServeProc(): boolean {
  try {
    closeSync(openSync(DEVICE, 'r+'));
    return true;
  } catch {
    return false;
  }
}
