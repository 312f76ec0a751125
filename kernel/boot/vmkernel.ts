import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { futexWake, mapFile, nowUs } from '../../lib/linux/index.js';
import type { Logger } from '../../lib/log/index.js';
import {
  ABI_HASH,
  Doorbell,
  HostFileWriter,
  PRODUCT,
  SchedFile,
  type UserWorldInfo,
  VMX_NODE_FLAGS,
} from '../abi/index.js';
import { MemoryThread, PAGES_PER_MB } from '../memory/index.js';
import { SchedulerThread } from '../sched/index.js';
import { StorageSystem } from '../storage/index.js';
import { AdvancedOptions } from './advanced-options.js';
import { checkArguments } from './arguments.js';
import { type CallParts, callHandlers } from './call-handlers.js';
import { ChangeFeed } from './change-feed.js';
import { ConfigWrites } from './config-writes.js';
import { ConsoleTime } from './console-time.js';
import { ControlServer } from './control-server.js';
import { EsxConfFile } from './esx-conf-file.js';
import { CONSOLE_MIN_PCPUS } from './group-rows.js';
import { HostTables } from './host-tables.js';
import { InitLink } from './init-link.js';
import { kernelThreads, type Machine, readMachine } from './machine.js';
import { describePcpus, readTopology } from './pcpu-topology.js';
import { type Capacity, Pools } from './pools/index.js';
import { PowerOn } from './power-on.js';
import { checkSharedMemory, createBootSegments, removeBootSegments } from './segments.js';
import { SpaceWatch } from './space-watch.js';
import { UserWorld } from './user-world.js';
import { poolClaimOf } from './vm-claims.js';
import { VmManager } from './vm-manager.js';
import { vmkauthdWorld } from './vmkauthd-world.js';

const KERNEL_MEMORY_MB = 64;
const CONSOLE_SAMPLE_MS = 1000;
const SPACE_LOOK_MS = 30_000;

export interface VmkernelOptions {
  readonly root: string;
  readonly bootId: string;
  readonly shmParent: string;
  /** Of the service console. */
  readonly hostName: string;
  readonly initPid: number;
  /** Of this boot. */
  readonly consoleMemoryMb: number;
  /** The socket to init; undefined: nobody owns the host's power. */
  readonly initFd?: number;
  /** The host's address for all its ports, and by how much it moves them: for the ports of VMs. */
  readonly bind: string;
  readonly portOffset: number;
  readonly vmxMainPath: string;
  /** Node's flags for a vmx, in place of the usual ones: for measurements. */
  readonly vmxNodeFlags?: readonly string[];
  /** For tests: whoever may call may also make a power-on fail after a step. */
  readonly injectFailures: boolean;
  readonly memoryMb?: number;
  readonly cpus?: readonly number[];
  /** The console's door on port 903; left out, there is none. */
  readonly vmkauthd?: { readonly mainPath: string; readonly listenFd: number };
}

/** The VMkernel: boots its parts in order, takes them down in reverse. A part that dies by itself is a panic. */
export class Vmkernel {
  readonly #undo: (() => void | Promise<void>)[] = [];
  readonly #feed = new ChangeFeed();
  #stopped: Promise<boolean> | null = null;
  #hung = false;

  constructor(
    private readonly options: VmkernelOptions,
    private readonly log: Logger,
    private readonly panic: (error: Error) => void,
  ) {}

  get shmDir(): string {
    return join(this.options.shmParent, `esx-${this.options.bootId}`);
  }

  /** @throws VmkernelError ShmTooSmall and whatever a part says; what was made is taken down again */
  async boot(): Promise<void> {
    try {
      await this.#boot();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** @returns false when a thread hangs in a datastore: an ordinary exit would wait for it for ever */
  stop(): Promise<boolean> {
    this.#stopped ??= this.#takeDown();
    return this.#stopped;
  }

  async #boot(): Promise<void> {
    const { root, shmParent } = this.options;
    const { shmDir } = this;
    const machine = readMachine(this.options.memoryMb, this.options.cpus);
    const machineMb = Math.floor(machine.memoryBytes / 1024 / 1024);
    const vmMb = machineMb - this.options.consoleMemoryMb - KERNEL_MEMORY_MB;
    if (vmMb <= 0)
      throw new RangeError(`${machineMb} MB of machine memory leave nothing for virtual machines`);
    const runDir = join(root, 'run', 'vmkernel');
    mkdirSync(runDir, { recursive: true, mode: 0o755 });
    checkSharedMemory(shmDir);
    mkdirSync(shmDir, { mode: 0o700 });
    this.#undo.push(() => removeBootSegments(shmDir));
    createBootSegments(shmDir);
    this.log.info(
      { module: 'Boot' },
      `${PRODUCT}: boot ${this.options.bootId}, shared memory in ${shmParent}`,
    );
    const host = new HostFileWriter(
      mapFile(join(shmDir, HostFileWriter.NAME), HostFileWriter.SIZE_BYTES, true).memory,
    );
    this.#describeHost(host, machine);
    const esxConf = new EsxConfFile(join(root, 'console'), object =>
      this.#feed.publish({ topic: 'host', object, event: 'configured' }),
    );
    const shown: { tables: HostTables | null } = { tables: null };
    const options = this.#loadOptions(host, esxConf, () => shown.tables?.optionsChanged());
    const doorbell = Doorbell.open(shmDir, { mapFile, futexWake, nowUs });
    const scheduler = await SchedulerThread.start(shmDir, machine.cpus, this.panic, worldId =>
      this.log.warn({ module: 'Sched' }, `the monitor of world ${worldId} does not yield its PCPU`),
    );
    this.#undo.push(async () => {
      doorbell.ring();
      await scheduler.stop();
    });
    const vms: { manager: VmManager | null } = { manager: null };
    const memory = await MemoryThread.start(
      { shmDir, machinePages: machineMb * PAGES_PER_MB, vmPages: vmMb * PAGES_PER_MB },
      { onDeath: this.panic, onRefused: (row, reason) => vms.manager?.memoryRefused(row, reason) },
    );
    this.#undo.push(() => memory.stop());
    const storage = await this.#startStorage(worldId => vms.manager?.ringBroken(worldId));
    const sched = new SchedFile(mapFile(join(shmDir, SchedFile.NAME), SchedFile.SIZE_BYTES, false).memory);
    const tables = new HostTables(host, sched, () => doorbell.ring());
    shown.tables = tables;
    tables.createSystem(machine.cpus, this.options.initPid, kernelThreads());
    if (!scheduler.realTime)
      this.log.warn(
        { module: 'Sched' },
        'Linux refuses real-time classes: worlds are scheduled as well as it goes',
      );
    const pools = new Pools({
      capacity: capacityOf(machine, vmMb),
      limits: {
        poweredOnVcpus: () => host.cpuOption.runningVcpuLimit(),
        checkPerVcpu: () => host.cpuOption.vmAdmitCheckPerVcpuMin() !== 0,
      },
      esxConf,
      feed: this.#feed,
      log: this.log,
      canonical: path => storage.resolve(path).canonical,
      follow: tree =>
        tables.followPools(
          tree.pools.map(pool => poolClaimOf(pool, machine.pcpuMhz)),
          vms.manager?.rowsByPool(tree) ?? [],
        ),
    });
    const { admission } = pools;
    const configWrites = new ConfigWrites({ storage, admission, tables, pcpuMhz: machine.pcpuMhz });
    const powerOn = new PowerOn(this.#powerOnOptions(machine), { tables, storage, memory, admission });
    const manager = new VmManager(powerOn, configWrites, storage, this.#feed, this.log);
    vms.manager = manager;
    this.#undo.push(() => manager.stop());
    this.#sampleConsole(host);
    this.#watchSpace(storage);
    const userWorlds = this.#startUserWorlds(manager, tables, runDir);
    await this.#listen({ manager, storage, userWorlds, esxConf, options, pools }, machine, runDir);
  }

  #describeHost(host: HostFileWriter, machine: Machine): void {
    const control = host.hostControl;
    control.setPcpuCount(machine.cpus.length);
    control.setPcpuMhz(machine.pcpuMhz);
    control.setBootTimeUs(nowUs());
    control.setBootWallMs(Date.now());
    control.setMachineMemoryKb(machine.memoryBytes / 1024);
    control.setConsoleMemoryMb(this.options.consoleMemoryMb);
    control.setHostName(this.options.hostName);
    describePcpus(host.pcpu, readTopology(machine.cpus));
  }

  #loadOptions(host: HostFileWriter, esxConf: EsxConfFile, moved: () => void): AdvancedOptions {
    const options = new AdvancedOptions({ table: host.cpuOption, esxConf, moved });
    options.load((key, value) =>
      this.log.warn({ module: 'Config' }, `${key} cannot be "${value.slice(0, 64)}": its default acts`),
    );
    return options;
  }

  async #startStorage(onRingBroken: (worldId: number) => void): Promise<StorageSystem> {
    const storage = new StorageSystem({
      rootDir: this.options.root,
      shmDir: this.shmDir,
      hostName: this.options.hostName,
      onFatal: this.panic,
      onRingBroken,
      onWarning: text => this.log.warn({ module: 'Storage' }, text),
    });
    this.#undo.push(async () => {
      if (!(await storage.stop())) this.#hung = true;
    });
    await storage.start();
    return storage;
  }

  #powerOnOptions(machine: Machine): ConstructorParameters<typeof PowerOn>[0] {
    const { root, bootId, bind, portOffset, vmxMainPath, vmxNodeFlags = VMX_NODE_FLAGS } = this.options;
    const vmxRunDir = join(root, 'run', 'vmx');
    rmSync(vmxRunDir, { recursive: true, force: true });
    mkdirSync(vmxRunDir, { recursive: true, mode: 0o700 });
    this.#undo.push(() => rmSync(vmxRunDir, { recursive: true, force: true }));
    return {
      bootId,
      shmDir: this.shmDir,
      vmxRunDir,
      bind,
      portOffset,
      controlSocket: join(root, 'run', 'vmkernel', 'control.sock'),
      vmxMainPath,
      vmxNodeFlags,
      biosPath: join(root, 'firmware', 'bios-256k.bin'),
      vgaBiosPath: join(root, 'firmware', 'vgabios-stdvga.bin'),
      pcpuMhz: machine.pcpuMhz,
    };
  }

  #watchSpace(storage: StorageSystem): void {
    const watch = new SpaceWatch({
      list: () => storage.listDatastores(),
      moved: volume => this.#feed.publish({ topic: 'storage', object: volume, event: 'space' }),
    });
    const look = (): void => {
      watch.look().catch(error => this.log.warn({ module: 'Storage', err: error }, 'free space'));
    };
    look();
    const timer = setInterval(look, SPACE_LOOK_MS);
    this.#undo.push(() => clearInterval(timer));
  }

  #sampleConsole(host: HostFileWriter): void {
    const consoleTime = new ConsoleTime(this.options.initPid, process.pid);
    const timer = setInterval(
      () => host.hostControl.setConsoleCpuUs(consoleTime.readUs()),
      CONSOLE_SAMPLE_MS,
    );
    this.#undo.push(() => clearInterval(timer));
  }

  #startUserWorlds(manager: VmManager, tables: HostTables, runDir: string): () => UserWorldInfo[] {
    const { vmkauthd, root } = this.options;
    if (vmkauthd === undefined) return () => [];
    const log = this.log.child({ module: 'UserWorld' });
    const world = new UserWorld(vmkauthdWorld({ ...vmkauthd, root, runDir }, manager), tables, log);
    world.start();
    this.#undo.push(() => world.stop());
    return () => [world.info];
  }

  async #listen(
    parts: Omit<CallParts, 'feed' | 'init' | 'hostInfo' | 'injectFailures'>,
    machine: Machine,
    runDir: string,
  ): Promise<void> {
    const bootTimeMs = Date.now();
    const init = new InitLink(this.options.initFd);
    const hostInfo = () => ({
      bootId: this.options.bootId,
      bootTimeMs,
      abiHash: ABI_HASH,
      shmDir: this.shmDir,
      machineMemoryBytes: machine.memoryBytes,
      pcpus: machine.cpus,
      pcpuMhz: machine.pcpuMhz,
      hostName: this.options.hostName,
      version: PRODUCT,
      ...(init.goingDown === undefined ? {} : { goingDown: init.goingDown }),
    });
    const { injectFailures } = this.options;
    const handlers = callHandlers({ ...parts, feed: this.#feed, init, hostInfo, injectFailures });
    const server = new ControlServer(handlers, checkArguments, this.log.child({ module: 'Control' }));
    const path = join(runDir, 'control.sock');
    rmSync(path, { force: true });
    await server.listen(path);
    chmodSync(path, 0o600);
    this.#undo.push(async () => {
      await server.close();
      rmSync(path, { force: true });
    });
  }

  async #takeDown(): Promise<boolean> {
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) {
      try {
        await undo();
      } catch (error) {
        this.log.error({ module: 'Boot', err: error }, 'a part did not go down cleanly');
      }
    }
    return !this.#hung;
  }
}

/** Reservations are whole MHz and MB. */
function capacityOf({ cpus, pcpuMhz }: Machine, memoryMb: number): Capacity {
  const vcpuMhz = Math.round(pcpuMhz);
  const consoleMhz = Math.round(CONSOLE_MIN_PCPUS * pcpuMhz);
  return {
    vcpuMhz,
    memoryMb,
    pcpuMhz: cpus.map((_cpu, pcpu) => (pcpu === 0 ? vcpuMhz - consoleMhz : vcpuMhz)),
  };
}
