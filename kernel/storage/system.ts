import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { closeFd, eventfdCreate } from '../../lib/linux/index.js';
import { type DatastoreInfo, type DiskInfo, StorageFileWriter, VmkernelError } from '../abi/index.js';
import {
  type Datastore,
  Datastores,
  loadDatastores,
  type ResolvedPath,
  writeMountList,
} from './datastores.js';
import { DiskOpener, type DiskRequest, type DiskVm, type OpenedDisks } from './disk-opener.js';
import { FileCalls } from './file-calls.js';
import { FileClient } from './files/file-client.js';
import { IoPool } from './io-pool.js';
import { JobCalls } from './job-calls.js';
import { JobClient } from './jobs/job-client.js';
import { entriesOf } from './jobs/journal.js';
import { createShmFile, type RingSizes } from './ring-files.js';
import { StorageThreadClient } from './thread-client.js';
import { within } from './within.js';

export interface StorageOptions {
  /** The host's root folder: datastores under `datastores/`, the mount list in `run/vmkernel/`. */
  readonly rootDir: string;
  readonly shmDir: string;
  /** This host's name, left in lock files. */
  readonly hostName: string;
  /** A thread of storage died: the host cannot go on. */
  readonly onFatal: (error: Error) => void;
  /** A vmx wrote nonsense into its ring: its disks are out of service, the VM should end. */
  readonly onRingBroken: (worldId: number) => void;
  /** Something that a killed host left could not be put in order. */
  readonly onWarning?: (text: string) => void;
  readonly workersPerDatastore?: number;
  /** Folder of the built threads, where it is not this module's own. */
  readonly threadsDir?: URL;
}

export interface VmxLock {
  /** Removes the lock file. May be called again. */
  release(): Promise<void>;
}

interface Running {
  readonly thread: StorageThreadClient;
  readonly disks: DiskOpener;
  readonly files: FileCalls;
  readonly jobs: JobCalls;
  readonly controlFd: number;
  readonly workFd: number;
}

const WORKERS = 2;
const SPACE_TIMEOUT_MS = 2000;
const STOP_TIMEOUT_MS = 5000;

/** Storage as the VMkernel's main thread sees it: datastores, their files, the disks of VMs. */
export class StorageSystem {
  readonly #options: StorageOptions;
  readonly #threadsDir: URL;
  readonly #asleep = new SharedArrayBuffer(4);
  readonly #clients = new Map<Datastore, FileClient>();
  readonly #jobClients = new Map<string, JobClient>();
  readonly #pools = new Map<Datastore, Promise<IoPool>>();
  #datastores = new Datastores([]);
  #running: Running | undefined;

  constructor(options: StorageOptions) {
    this.#options = options;
    this.#threadsDir = options.threadsDir ?? new URL('./', import.meta.url);
  }

  async start(): Promise<void> {
    const { rootDir, shmDir, onFatal, onRingBroken } = this.#options;
    const found = loadDatastores(join(rootDir, 'datastores'));
    this.#datastores = new Datastores(found);
    writeMountList(join(rootDir, 'run', 'vmkernel', 'datastores.json'), found);
    const statisticsPath = join(shmDir, StorageFileWriter.NAME);
    if (!existsSync(statisticsPath))
      createShmFile(statisticsPath, StorageFileWriter.SIZE_BYTES, memory => StorageFileWriter.stamp(memory));
    const controlFd = eventfdCreate(false);
    const workFd = eventfdCreate(false);
    const data = { shmDir, statisticsPath, controlFd, workFd, asleep: this.#asleep };
    const thread = new StorageThreadClient(this.#script('thread/main.js'), data, { onFatal, onRingBroken });
    const disks = new DiskOpener({
      shmDir,
      thread,
      resolve: path => this.resolve(path),
      open: (datastore, path, isImage) =>
        this.#clientOf(datastore).request(isImage ? 'openImage' : 'openDisk', { path }),
      close: (datastore, { extents, descriptorFd }) =>
        this.#clientOf(datastore).request('closeDisk', { extents, descriptorFd }),
      startWorkers: async datastore => void (await this.#poolOf(datastore)),
    });
    const files = new FileCalls(this.#datastores, datastore => this.#clientOf(datastore));
    const jobs = new JobCalls(
      path => this.resolve(path),
      volume => this.#jobClientOf(volume),
    );
    this.#running = { thread, disks, files, jobs, controlFd, workFd };
    await thread.ready;
    this.#recover();
  }

  /**
   * Closes every disk and ends the threads. May be called again.
   * @returns false when a thread hangs in a datastore: then only SIGKILL ends this process
   */
  async stop(): Promise<boolean> {
    const running = this.#running;
    if (running === undefined) return true;
    this.#running = undefined;
    const closed = await within(
      STOP_TIMEOUT_MS,
      running.disks.closeAll().then(() => true),
    );
    await running.thread.stop();
    const pools = await Promise.all(this.#pools.values());
    const ended = await Promise.all([
      ...pools.map(pool => pool.stop()),
      ...[...this.#clients.values(), ...this.#jobClients.values()].map(client => client.stop()),
    ]);
    this.#pools.clear();
    this.#clients.clear();
    this.#jobClients.clear();
    closeFd(running.controlFd);
    closeFd(running.workFd);
    return closed === true && !ended.includes(false);
  }

  /** The handlers of the file calls. */
  get files(): FileCalls {
    return this.#started().files;
  }

  /** The handlers of long work on files and disks. */
  get jobs(): JobCalls {
    return this.#started().jobs;
  }

  /** @throws VmkernelError DiskMissing, InvalidDescriptor, … */
  diskInfo(path: string): Promise<DiskInfo> {
    const { datastore, relative } = this.resolve(path);
    return this.#clientOf(datastore).request('diskInfo', { path: relative });
  }

  /** @throws VmkernelError NotFound, InvalidArgument, PermissionDenied */
  resolve(path: string): ResolvedPath {
    return this.#datastores.resolve(path);
  }

  /** Never waits longer than two seconds: a datastore that hangs is not accessible. */
  listDatastores(): Promise<DatastoreInfo[]> {
    return Promise.all(this.#datastores.all.map(datastore => this.#describe(datastore)));
  }

  /**
   * Opens and locks a VM's disks and makes its ring. All or nothing.
   * @throws VmkernelError DiskMissing, DiskTooShort, InvalidDescriptor, NotSupported, FileLocked, ShmTooSmall, …
   */
  openDisks(vm: DiskVm, disks: readonly DiskRequest[], sizes?: RingSizes): Promise<OpenedDisks> {
    return this.#started().disks.open(vm, disks, sizes);
  }

  /** Ends when no I/O of the VM is under way, also when its vmx was killed. May be called again. */
  async closeDisks(worldId: number): Promise<void> {
    await this.#running?.disks.close(worldId);
  }

  /** @throws VmkernelError FileLocked while another holder lives, NotFound */
  async lockVmx(path: string): Promise<VmxLock> {
    const { datastore, relative } = this.resolve(path);
    const client = this.#clientOf(datastore);
    const fd = await client.request('lockVmx', { path: relative, owner: this.#options.hostName });
    let released: Promise<unknown> | undefined;
    return {
      release: async () => {
        released ??= client.request('unlockVmx', { path: relative, fd });
        await released;
      },
    };
  }

  /** Replaces a .vmx whose lock this host holds, as fileWriteAtomic does. @throws VmkernelError NoSpace, IoError, … */
  async replaceLockedVmx(path: string, data: Uint8Array): Promise<void> {
    const { datastore, relative } = this.resolve(path);
    await this.#clientOf(datastore).request('replace', { path: relative, data, holdsLock: true });
  }

  async #describe(datastore: Datastore): Promise<DatastoreInfo> {
    const { volume, label, shown } = datastore;
    const unknown = { capacityBytes: 0, freeBytes: 0 };
    const asked = this.#clientOf(datastore)
      .request('space', {})
      .catch(() => undefined);
    const space = await within(SPACE_TIMEOUT_MS, asked);
    return {
      volume,
      label,
      type: 'NAS',
      path: shown,
      ...(space ?? unknown),
      accessible: space !== undefined,
    };
  }

  #clientOf(datastore: Datastore): FileClient {
    const known = this.#clients.get(datastore);
    if (known !== undefined) return known;
    const { folder, shown, label } = datastore;
    const client = new FileClient(this.#script('files/file-worker.js'), {
      folder,
      shown,
      name: `files-${label}`,
    });
    this.#clients.set(datastore, client);
    return client;
  }

  #jobClientOf(volume: string): JobClient {
    const known = this.#jobClients.get(volume);
    if (known !== undefined) return known;
    const data = {
      volume,
      name: `jobs-${volume.slice(0, 8)}`,
      journalFolder: this.#journalFolder,
      folders: this.#datastores.all.map(({ volume, folder, shown }) => ({ volume, folder, shown })),
    };
    const warn = (text: string): void => this.#options.onWarning?.(text);
    const client = new JobClient(this.#script('jobs/job-worker.js'), data, warn);
    this.#jobClients.set(volume, client);
    return client;
  }

  /** Ends or takes back what a killed host left: a job worker begins with that. */
  #recover(): void {
    for (const { volume } of this.#datastores.all) {
      if (entriesOf(this.#journalFolder, volume).length === 0) continue;
      this.#jobClientOf(volume)
        .run('recover', {})
        .catch((error: unknown) => this.#options.onWarning?.(String(error)));
    }
  }

  get #journalFolder(): string {
    return join(this.#options.rootDir, 'datastores', '.jobs');
  }

  #poolOf(datastore: Datastore): Promise<IoPool> {
    const known = this.#pools.get(datastore);
    if (known !== undefined) return known;
    const { thread, workFd } = this.#started();
    const starting = IoPool.start({
      script: this.#script('thread/io-worker.js'),
      label: datastore.label,
      workers: this.#options.workersPerDatastore ?? WORKERS,
      asleep: this.#asleep,
      doorbellFd: workFd,
      onFatal: this.#options.onFatal,
    }).then(pool => {
      thread.addLun(datastore.volume, pool.mailboxes);
      return pool;
    });
    this.#pools.set(datastore, starting);
    return starting;
  }

  #started(): Running {
    if (this.#running === undefined) throw new VmkernelError('InvalidState', 'storage is not running');
    return this.#running;
  }

  #script(name: string): URL {
    return new URL(name, this.#threadsDir);
  }
}
