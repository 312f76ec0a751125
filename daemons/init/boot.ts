import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type InitCalls, type ServiceState, VmkernelError } from '../../kernel/abi/index.js';
import { setChildSubreaper } from '../../lib/linux/index.js';
import type { Logger } from '../../lib/log/index.js';
import { readHostName } from './console/host-name.js';
import { ConsoleCgroups } from './console-cgroups.js';
import { readConsoleMemoryMb } from './console-memory.js';
import { ConsoleSupervisor } from './console-supervisor.js';
import type { HostOptions } from './host.js';
import { readHostConfig, writeHostConfig } from './host-config.js';
import type { HostStatus } from './host-status.js';
import { InitError } from './init-error.js';
import { type LeftOut, leftOut } from './left-out.js';
import { endAdopted, removeSharedMemory, writeBootRecord } from './leftovers.js';
import { Listeners } from './listeners.js';
import { canServeProc } from './proc-files.js';
import { describeExit } from './process-output.js';
import type { DaemonState } from './supervised-daemon.js';
import { Vmkernel } from './vmkernel.js';
import type { VmkernelRequests } from './vmkernel-requests.js';

export interface BootOptions extends HostOptions {
  bootId: string;
}

const DEFAULT_BIND = '127.0.0.1';

type Undo = () => Promise<void> | void;

/**
 * One boot of a host, from its start to its shutdown. Every step of the boot enters its undo before the next begins;
 * shutting down, a failed step and the VMkernel's death all run them in reverse.
 */
export class Boot {
  readonly #options: BootOptions;
  readonly #logger: Logger;
  readonly #undo: Undo[] = [];
  readonly #requests: VmkernelRequests;
  readonly #abort = new AbortController();
  #state: HostStatus['state'] = 'starting';
  #listeners: Listeners | undefined;
  #vmkernel: Vmkernel | undefined;
  #vmkernelState: DaemonState = 'stopped';
  #console: ConsoleSupervisor | undefined;
  #cgroups: ConsoleCgroups | undefined;
  #consoleMemoryMb = 0;
  #portsMoved = false;
  #leftOut: readonly LeftOut[] = [];
  #booting: Promise<void> = Promise.resolve();
  #down: Promise<void> | undefined;

  /** @param requests serves what the VMkernel asks of init */
  constructor(options: BootOptions, logger: Logger, requests: VmkernelRequests) {
    this.#options = options;
    this.#logger = logger;
    this.#requests = requests;
  }

  /** Boots in the product's order. When it rejects everything is undone. `onDied` is told of a later VMkernel death. */
  async start(onDied: (error: InitError) => void): Promise<void> {
    this.#booting = this.#bootSteps(onDied);
    try {
      await this.#booting;
      this.#state = 'running';
      this.#logger.info({ ports: this.#listeners?.ports }, 'the host is up');
    } catch (error) {
      await this.shutdown();
      throw error;
    }
  }

  /** A shutdown follows: nothing new is taken on. */
  announceEnd(): void {
    this.#state = 'stopping';
  }

  /** Orderly, from any state, once. Resolves when nothing of the boot is left. */
  shutdown(): Promise<void> {
    this.#down ??= this.#shutDown();
    return this.#down;
  }

  /** @throws VmkernelError InvalidState */
  service({ service, action }: InitCalls['service']['args']): Promise<ServiceState> {
    if (this.#console === undefined || this.#state !== 'running')
      throw new VmkernelError('InvalidState', `The host is ${this.#state}`, { state: this.#state });
    return this.#console.service(service, action);
  }

  status(): HostStatus {
    const { folder, bootId } = this.#options;
    const none = { http: 0, https: 0, authd: 0, vmkauthd: 0, ssh: 0 };
    return {
      state: this.#state,
      bootId,
      root: folder.path,
      bind: this.#listeners?.bind ?? '',
      portOffset: this.#listeners?.offset ?? 0,
      portsMoved: this.#portsMoved,
      ports: this.#listeners?.ports ?? none,
      pidNamespace: readlinkSync('/proc/self/ns/pid'),
      leftOut: this.#leftOut,
      user: 'root',
      passwordFile: folder.passwordFile,
      consoleMemory: {
        sizeMb: this.#consoleMemoryMb,
        limit: this.#cgroups?.limits.memory ?? 'refused',
      },
      daemons: [
        { name: 'init', pid: process.pid, state: this.#state === 'starting' ? 'starting' : 'running' },
        { name: 'vmkernel', pid: this.#vmkernel?.pid ?? 0, state: this.#vmkernelState },
        ...this.#daemonStates(),
      ],
    };
  }

  #daemonStates(): HostStatus['daemons'] {
    if (this.#console === undefined)
      return ['syslogd', 'hostd', 'authd', 'sshd'].map(name => ({ name, pid: 0, state: 'stopped' as const }));
    return this.#console.all.map(({ name, pid, state, failure }) => ({ name, pid, state, failure }));
  }

  async #bootSteps(onDied: (error: InitError) => void): Promise<void> {
    const { bootId, folder } = this.#options;
    this.#cgroups = ConsoleCgroups.plan(bootId);
    this.#consoleMemoryMb = readConsoleMemoryMb(folder.console, this.#logger);
    this.#record([]);
    this.#undo.push(() => removeSharedMemory(bootId));
    this.#openPorts();
    await this.#startVmkernel(onDied);
    this.#continue();
    await this.#startConsole();
    this.#continue();
  }

  #continue(): void {
    if (this.#abort.signal.aborted) throw new InitError('Stopped', {});
  }

  #openPorts(): void {
    const { folder, portOffset, bind } = this.#options;
    const config = readHostConfig(folder.hostFile);
    const address = bind ?? config.bind ?? DEFAULT_BIND;
    const listeners =
      portOffset === undefined
        ? Listeners.openFirstFree(address, config.portOffset)
        : Listeners.open(address, portOffset);
    this.#listeners = listeners;
    this.#undo.push(() => listeners.close());
    this.#portsMoved = portOffset === undefined && listeners.offset !== 0;
    writeHostConfig(folder.hostFile, { ...config, portOffset: listeners.offset, bind: address });
    this.#logger.info({ bind: address, offset: listeners.offset, ports: listeners.ports }, 'listening');
  }

  async #startVmkernel(onDied: (error: InitError) => void): Promise<void> {
    const { folder, bootId, nodePath, vmkernelMain, treeFolder } = this.#options;
    const vmkauthdFd = this.#listeners?.fds.vmkauthd;
    if (vmkauthdFd === undefined) throw new InitError('Stopped', {});
    setChildSubreaper(); // a dead VMkernel's vmx become ours, and are seen to end
    this.#vmkernelState = 'starting';
    const vmkernel = await Vmkernel.start({
      nodePath,
      mainPath: vmkernelMain,
      hostFolder: folder.path,
      bootId,
      hostName: readHostName(folder.console, join(treeFolder, 'etc')),
      consoleMemoryMb: this.#consoleMemoryMb,
      bind: this.#listeners?.bind ?? DEFAULT_BIND,
      portOffset: this.#listeners?.offset ?? 0,
      vmkauthdFd,
      requests: this.#requests,
      logger: this.#logger,
    });
    this.#vmkernel = vmkernel;
    this.#undo.push(() => this.#stopVmkernel(vmkernel));
    this.#record([vmkernel.pid]);
    await this.#unlessAborted(vmkernel.ready());
    this.#vmkernelState = 'running';
    this.#logger.info({ process: vmkernel.pid }, 'the VMkernel is up');
    vmkernel.exited.then(exit => {
      this.#vmkernelState = 'stopped';
      if (this.#down !== undefined) return;
      const error = new InitError('VmkernelDied', { reason: describeExit(exit) });
      this.#logger.fatal(error.message);
      onDied(error);
    }, this.#logger.error);
  }

  async #stopVmkernel(vmkernel: Vmkernel): Promise<void> {
    await vmkernel.stop();
    this.#vmkernelState = 'stopped';
    await endAdopted(new Set(), this.#logger);
  }

  async #startConsole(): Promise<void> {
    const { folder, bootId, treeFolder, nodePath, usr } = this.#options;
    const listeners = this.#listeners;
    if (listeners === undefined) throw new InitError('Stopped', {});
    const cgroupFolders = this.#makeCgroups();
    this.#leftOut = leftOut({
      consoleTasksLimited: this.#cgroups?.limits.tasks ?? false,
      hasFuse: canServeProc(),
      portsMoved: this.#portsMoved,
      portOffset: listeners.offset,
    });
    const serviceConsole = new ConsoleSupervisor({
      folder,
      treeFolder,
      nodePath,
      bootId,
      listeners,
      usr,
      cgroupFolders,
      logger: this.#logger,
    });
    this.#console = serviceConsole;
    this.#undo.push(() => serviceConsole.stop());
    await serviceConsole.start();
  }

  #makeCgroups(): readonly string[] {
    const cgroups = this.#cgroups;
    if (cgroups === undefined) return [];
    this.#undo.push(() => cgroups.remove());
    cgroups.create(this.#consoleMemoryMb, this.#logger);
    return cgroups.made;
  }

  #record(pids: readonly number[]): void {
    const { folder, bootId } = this.#options;
    writeBootRecord(folder, { bootId, pids, cgroups: this.#cgroups?.folders ?? [] });
  }

  #unlessAborted(step: Promise<void>): Promise<void> {
    const { signal } = this.#abort;
    return new Promise((resolve, reject) => {
      const stopped = (): void => reject(new InitError('Stopped', {}));
      signal.addEventListener('abort', stopped, { once: true });
      if (signal.aborted) stopped();
      step.then(resolve, reject);
    });
  }

  async #shutDown(): Promise<void> {
    this.#state = 'stopping';
    this.#logger.info('the host goes down');
    this.#abort.abort();
    await this.#booting.catch(() => undefined);
    for (const undo of this.#undo.splice(0).reverse()) {
      try {
        await undo();
      } catch (error) {
        this.#logger.error({ err: error }, 'shutting down');
      }
    }
    this.#logger.info('the host is down');
  }
}
