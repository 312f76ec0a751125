import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Logger } from '../../lib/log/index.js';
import { InitError } from './init-error.js';
import { describeExit, type Exit, exitOf, logComplaints, readiness } from './process-output.js';
import { VmkernelLogMark } from './vmkernel-log.js';
import { serveVmkernel, type VmkernelRequests } from './vmkernel-requests.js';

export interface VmkernelOptions {
  nodePath: string;
  mainPath: string;
  hostFolder: string;
  bootId: string;
  /** Of the service console. */
  hostName: string;
  consoleMemoryMb: number;
  /** Of the host's ports: those of VMs follow them. */
  bind: string;
  portOffset: number;
  /** The listening socket of port 903, which the VMkernel gives to vmkauthd. */
  vmkauthdFd: number;
  /** What it may ask of init. */
  requests: VmkernelRequests;
  logger: Logger;
}

const READY_FD = 3;
const INIT_FD = 4;
const VMKAUTHD_FD = 5;
/** Powering VMs off takes as long as they take to be reaped; after that the VMkernel is killed, and they with it. */
const STOP_MS = 30_000;

/** The VMkernel process. SIGTERM is its orderly end, and what it gets when init dies. */
export class Vmkernel {
  readonly #child: ChildProcess;
  readonly #cause: () => string;
  readonly exited: Promise<Exit>;
  readonly pid: number;

  private constructor(child: ChildProcess, pid: number, cause: () => string) {
    this.#child = child;
    this.#cause = cause;
    this.pid = pid;
    this.exited = exitOf(child);
  }

  /** Starts the process; {@link ready} tells when it serves. @throws InitError VmkernelFailed */
  static async start(options: VmkernelOptions): Promise<Vmkernel> {
    const { nodePath, mainPath, hostFolder, bootId, hostName, consoleMemoryMb, requests, logger } = options;
    const { bind, portOffset, vmkauthdFd } = options;

    const log = new VmkernelLogMark(join(hostFolder, 'var/log/vmkernel'));
    const child = spawn(
      'setpriv',
      [
        ...['--pdeathsig', 'TERM', nodePath, mainPath, '--root', hostFolder, '--boot-id', bootId],
        ...['--host-name', hostName, '--ready-fd', String(READY_FD), '--init-fd', String(INIT_FD)],

        ...['--bind', bind, '--port-offset', String(portOffset)],
        ...['--console-memory-mb', String(consoleMemoryMb), '--vmkauthd-fd', String(VMKAUTHD_FD)],
      ],
      { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe', vmkauthdFd] },
    );
    if (child.pid === undefined) {
      const reason = await new Promise<Error>(resolve => child.once('error', resolve));
      throw new InitError('VmkernelFailed', { reason: reason.message });
    }
    const pair = child.stdio[INIT_FD];
    if (pair instanceof Socket) serveVmkernel(pair, requests, logger);
    const complaint = logComplaints(child.stderr, 'vmkernel', logger);
    return new Vmkernel(child, child.pid, () => complaint() || log.lastWarning());
  }

  /** Resolves when it serves. @throws InitError VmkernelFailed */
  async ready(): Promise<void> {
    try {
      await readiness(this.#child, READY_FD);
    } catch {
      // It ended, or it closed the pipe and lives on.
      this.#child.kill('SIGKILL');
      const cause = this.#cause() || 'see var/log/vmkernel and var/log/init.log';
      const reason = `${describeExit(await this.exited)}: ${cause}`;
      throw new InitError('VmkernelFailed', { reason });
    }
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await this.exited;
    clearTimeout(timer);
  }
}
