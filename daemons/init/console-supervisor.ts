import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ServiceAction,
  type ServiceName,
  type ServiceState,
  VmkernelError,
} from '../../kernel/abi/index.js';
import { STATISTICS_FILES } from '../../kernel/client/index.js';
import { resumeListening, stopListening } from '../../lib/linux/index.js';
import type { Logger } from '../../lib/log/index.js';
import { type ConsoleProcess, NO_INSPECTOR, ServiceConsole } from './console/service-console.js';
import { CONSOLE_DIST, CONSOLE_NODE } from './console/usr.js';
import { readDatastores } from './datastores.js';
import { firstAnswer } from './first-answer.js';
import { type HostFolder, sharedMemoryFolder } from './host-folder.js';
import type { Listeners } from './listeners.js';
import { ensureRootPassword } from './password.js';
import { ProcFiles } from './proc-files.js';
import { readiness } from './process-output.js';
import { innerPid } from './process-table.js';
import { RestartPolicy } from './restart-policy.js';
import { type StopRequest, SupervisedDaemon } from './supervised-daemon.js';

export interface ConsoleOptions {
  folder: HostFolder;
  treeFolder: string;
  nodePath: string;
  bootId: string;
  listeners: Listeners;
  usr: 'overlay' | 'links';
  cgroupFolders: readonly string[];
  logger: Logger;
}

interface DaemonProgram {
  name: string;
  listenFds: readonly number[];
  /** Node's, beside those of every daemon. */
  nodeFlags: readonly string[];
  /** Its descriptors are 3, 4, … in the order of listenFds. */
  flags: readonly string[];
  /** It runs when it answers the greeting there; where it has no door, when it says so on a pipe. */
  door: { port: number; greeting: string } | undefined;
  /** At this signal it serves nobody new and ends when the last client has left; undefined: it ends at once. */
  letGo?: NodeJS.Signals;
}

/** Daemons live long and do little: small young generations, one helper thread. None opens an inspector at a signal. */
const NODE_FLAGS = [
  NO_INSPECTOR,
  '--max-semi-space-size=1',
  '--v8-pool-size=1',
  '--single-threaded-gc',
  '--no-warnings',
];

/** How long a daemon may take to serve before whoever started it is told how far it is. */
const SERVING_MS = 20_000;
/** Of a daemon that no listening socket is passed to. */
const READY_FD = 3;

/** hostd then stops the machines that are to stop with the host. */
const HOST_STOPS: StopRequest = { signal: 'SIGPWR', limitMs: 30_000 };

/** The service console while the host is up: built again if its pid 1 dies, its daemons started again if they do. */
export class ConsoleSupervisor {
  readonly daemons: readonly SupervisedDaemon[];
  readonly #options: ConsoleOptions;
  readonly #programs: readonly DaemonProgram[];
  /** Stopped by somebody's wish: they stay so when the console is built again. */
  readonly #stopped = new Set<string>();
  readonly #policy = new RestartPolicy();
  readonly #procFiles: ProcFiles;
  #console: ServiceConsole | undefined;
  #stopping = false;
  #restarting: Promise<void> = Promise.resolve();
  #lastAction: Promise<void> = Promise.resolve();

  constructor(options: ConsoleOptions) {
    this.#options = options;
    const { fds, ports } = options.listeners;
    this.#programs = [
      {
        name: 'syslogd',
        nodeFlags: ['--max-old-space-size=16'],
        listenFds: [],
        flags: ['--ready-fd', '3'],
        door: undefined,
      },
      {
        name: 'hostd',
        // A reply may be megabytes: in a small young generation it would outlive its use.
        nodeFlags: ['--max-semi-space-size=8'],
        listenFds: [fds.http, fds.https],
        flags: ['--http-fd', '3', '--https-fd', '4', '--console-port', String(ports.vmkauthd)],
        door: { port: ports.http, greeting: 'GET / HTTP/1.0\r\n\r\n' },
      },
      {
        name: 'authd',
        nodeFlags: [],
        listenFds: [fds.authd],
        flags: ['--listen-fd', '3'],
        door: { port: ports.authd, greeting: '' },
      },
      {
        name: 'sshd',
        nodeFlags: [],
        listenFds: [fds.ssh],
        flags: ['--listen-fd', '3'],
        door: { port: ports.ssh, greeting: '' },
        letGo: 'SIGHUP',
      },
    ];
    this.daemons = this.#programs.map(program => this.#supervise(program));
    const { treeFolder, nodePath, bootId, folder, logger } = options;
    this.#procFiles = new ProcFiles({
      ...{ treeFolder, nodePath, logger },
      sharedMemory: sharedMemoryFolder(bootId),
      controlSocket: folder.vmkernelSocket,
      console: () => this.#console,
    });
  }

  /** What runs for the console, in it and beside it. */
  get all(): readonly SupervisedDaemon[] {
    const { daemon } = this.#procFiles;
    return daemon === undefined ? this.daemons : [daemon, ...this.daemons];
  }

  /** @throws ConsoleError when the console cannot be built */
  async start(): Promise<void> {
    const serviceConsole = await this.#build();
    await ensureRootPassword(serviceConsole, this.#options.folder.passwordFile);
    this.#procFiles.start();
    for (const daemon of this.daemons) daemon.start();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#restarting;
    await Promise.all(
      this.daemons.map(daemon => daemon.stop('stopped', daemon.name === 'hostd' ? HOST_STOPS : undefined)),
    );
    await this.#procFiles.stop('stopped');
    await this.#console?.stop();
    this.#console = undefined;
  }

  /** One action after the other. @throws VmkernelError InvalidState while the console is not up, NotFound */
  async service(name: ServiceName, action: ServiceAction): Promise<ServiceState> {
    const daemon = this.daemons.find(one => one.name === name);
    const program = this.#programs.find(one => one.name === name);
    if (daemon === undefined || program === undefined)
      throw new VmkernelError('NotFound', `There is no service ${name}`, { service: name });
    if (action !== 'status') {
      const acted = this.#lastAction.then(() => this.#act(daemon, program, action));
      // A failed action is told to whoever wanted it; the next one stands on its own.
      this.#lastAction = acted.catch(() => undefined);
      await acted;
    }
    return { state: daemon.state, pid: innerPid(daemon.pid) };
  }

  async #act(
    daemon: SupervisedDaemon,
    program: DaemonProgram,
    action: Exclude<ServiceAction, 'status'>,
  ): Promise<void> {
    await this.#restarting;
    if (this.#stopping || this.#console === undefined)
      throw new VmkernelError('InvalidState', 'The service console is not up', {});
    this.#options.logger.info(`${daemon.name}: ${action} was asked for`);
    if (action !== 'start' && daemon.state !== 'stopped') {
      if (program.letGo === undefined) await daemon.stop('stopped');
      else daemon.letGo(program.letGo);
    }
    if (action === 'stop') this.#refuseClients(daemon, program);
    else await this.#serveClients(daemon, program);
  }

  #refuseClients({ name }: SupervisedDaemon, { listenFds }: DaemonProgram): void {
    if (this.#stopped.has(name)) return;
    this.#stopped.add(name);
    for (const fd of listenFds) stopListening(fd);
  }

  async #serveClients(daemon: SupervisedDaemon, { listenFds }: DaemonProgram): Promise<void> {
    if (this.#stopped.has(daemon.name)) for (const fd of listenFds) resumeListening(fd);
    this.#stopped.delete(daemon.name);
    daemon.start();
    await daemon.settled(SERVING_MS);
  }

  async #build(): Promise<ServiceConsole> {
    const { folder, treeFolder, nodePath, bootId, usr, cgroupFolders, logger } = this.#options;
    const startedMs = Date.now();
    const sharedMemory = sharedMemoryFolder(bootId);
    const serviceConsole = await ServiceConsole.start({
      rootFolder: folder.console,
      logFolder: folder.log,
      vmkernelRunFolder: folder.in('run/vmkernel'),
      ...(existsSync(sharedMemory) ? { sharedMemoryFolder: sharedMemory } : {}),
      statisticsFiles: STATISTICS_FILES,
      cgroupFolders,
      treeFolder,
      modulesFolder: realpathSync(join(treeFolder, 'node_modules')),
      nodePath,
      datastores: readDatastores(folder.datastoresFile).map(d => ({ ...d, path: realpathSync(d.path) })),
      usr,
    });
    this.#console = serviceConsole;
    logger.info({ process: serviceConsole.pid, tookMs: Date.now() - startedMs }, 'service console is up');
    serviceConsole.ended.then(() => {
      if (!this.#stopping && this.#console === serviceConsole) this.#restarting = this.#rebuild(startedMs);
    }, logger.error);
    return serviceConsole;
  }

  async #rebuild(startedMs: number): Promise<void> {
    const { logger } = this.#options;
    logger.warn('the service console ended');
    this.#console?.release();
    this.#console = undefined;
    await this.#procFiles.stop('restarting');
    const left = this.daemons.filter(({ name }) => !this.#stopped.has(name));
    await Promise.all(left.map(daemon => daemon.stop('restarting')));
    let livedMs = Date.now() - startedMs;
    while (!this.#stopping && this.#console === undefined) {
      await sleep(this.#policy.nextDelayMs(livedMs));
      livedMs = 0;
      try {
        await this.#build();
      } catch (error) {
        logger.error({ err: error }, 'the service console cannot be built');
      }
    }
    if (this.#stopping) return;
    this.#procFiles.start();
    for (const daemon of this.daemons) if (!this.#stopped.has(daemon.name)) daemon.start();
  }

  #supervise(program: DaemonProgram): SupervisedDaemon {
    return new SupervisedDaemon({
      name: program.name,
      start: () => this.#startDaemon(program),
      ready: (signal, { process }) =>
        program.door === undefined
          ? readiness(process, READY_FD)
          : firstAnswer({ address: this.#options.listeners.bind, ...program.door }, signal),
      logger: this.#options.logger,
    });
  }

  #startDaemon({ name, nodeFlags, listenFds, flags, door }: DaemonProgram): ConsoleProcess {
    if (this.#console === undefined) throw new Error('the service console is down');
    const main = `${CONSOLE_DIST}/daemons/${name}/main.js`;
    return this.#console.start({
      argv: [CONSOLE_NODE, ...NODE_FLAGS, ...nodeFlags, main, ...flags],
      environment: { PATH: '/usr/sbin:/usr/bin', HOME: '/root', LANG: 'C.UTF-8', UV_THREADPOOL_SIZE: '2' },
      stdio: ['ignore', 'ignore', 'pipe', ...listenFds, ...(door === undefined ? (['pipe'] as const) : [])],
    });
  }
}
