import { join, posix } from 'node:path';
import { closeFd, eventfdCreate } from '../../lib/linux/index.js';
import { VmkernelError, type VmxDisk } from '../abi/index.js';
import type { Datastore, ResolvedPath } from './datastores.js';
import type { OpenDisk } from './files/open-disk.js';
import {
  createRingFiles,
  IDE_RING_SIZES,
  type RingNames,
  type RingSizes,
  removeRingFiles,
} from './ring-files.js';
import type { ThreadDisk } from './thread/messages.js';
import type { StorageThreadClient } from './thread-client.js';

export interface DiskVm {
  readonly worldId: number;
  readonly vmRow: number;
  readonly vmGeneration: number;
  /** Row of the world to kick at completions. */
  readonly vmmWorldRow: number;
  /** `/vmfs/volumes/…/x.vmx`: relative disk names start from its folder. */
  readonly vmxPath: string;
}

export interface DiskRequest {
  /** `ide0:0` */
  readonly node: string;
  /** As in the .vmx: a name beside it, or a `/vmfs/volumes/…` path. */
  readonly fileName: string;
  /** A file of raw blocks that is only read, beside others who read it: an ISO image. */
  readonly isImage?: boolean;
}

export interface OpenedDisks {
  readonly disks: VmxDisk[];
  /** Names of the ring's files in shmDir. */
  readonly ring: RingNames;
  /** Passed to the vmx as VMX_DISK_DOORBELL_FD; `closeDisks` closes this copy. */
  readonly doorbellFd: number;
}

/** What opening disks needs of the rest of storage. */
export interface DiskOpenerParts {
  readonly shmDir: string;
  readonly thread: StorageThreadClient;
  resolve(path: string): ResolvedPath;
  open(datastore: Datastore, relative: string, isImage: boolean): Promise<OpenDisk>;
  close(datastore: Datastore, disk: OpenDisk): Promise<unknown>;
  /** Makes sure that the LUN has workers. */
  startWorkers(datastore: Datastore): Promise<void>;
}

interface OpenVm {
  readonly files: { readonly datastore: Datastore; readonly file: OpenDisk }[];
  ring: RingNames | undefined;
  doorbellFd: number | undefined;
  attached: boolean;
}

interface Held {
  readonly vm: OpenVm;
  /** Settles when opening has ended, well or not. */
  opening: Promise<unknown>;
  closing: Promise<void> | undefined;
}

/** The disks of running VMs: files and locks, ring, place in the storage thread; every step undone in `close`. */
export class DiskOpener {
  readonly #parts: DiskOpenerParts;
  readonly #held = new Map<number, Held>();

  constructor(parts: DiskOpenerParts) {
    this.#parts = parts;
  }

  /** All or nothing. */
  async open(
    vm: DiskVm,
    disks: readonly DiskRequest[],
    sizes: RingSizes = IDE_RING_SIZES,
  ): Promise<OpenedDisks> {
    const { worldId } = vm;
    if (this.#held.has(worldId))
      throw new VmkernelError('InvalidState', `disks of world ${worldId} are open`);
    const open: OpenVm = { files: [], ring: undefined, doorbellFd: undefined, attached: false };
    const opening = this.#open(vm, disks, sizes, open);
    this.#held.set(worldId, { vm: open, opening: opening.catch(() => undefined), closing: undefined });
    try {
      return await opening;
    } catch (error) {
      await this.close(worldId);
      throw error;
    }
  }

  /** Ends when no I/O of the VM is under way; its files are unlocked, its ring is gone. May be called again. */
  close(worldId: number): Promise<void> {
    const held = this.#held.get(worldId);
    if (held === undefined) return Promise.resolve();
    held.closing ??= held.opening
      .then(() => this.#close(worldId, held.vm))
      .finally(() => this.#held.delete(worldId));
    return held.closing;
  }

  closeAll(): Promise<unknown> {
    return Promise.all([...this.#held.keys()].map(worldId => this.close(worldId)));
  }

  async #open(
    vm: DiskVm,
    disks: readonly DiskRequest[],
    sizes: RingSizes,
    open: OpenVm,
  ): Promise<OpenedDisks> {
    const threadDisks = await this.#openFiles(vm, disks, open);
    const ring = createRingFiles(this.#parts.shmDir, vm.worldId, sizes);
    open.ring = ring;
    const doorbellFd = eventfdCreate(false);
    open.doorbellFd = doorbellFd;
    await this.#attach(vm, ring, doorbellFd, threadDisks);
    open.attached = true;
    const shown = disks.map(({ node }, target) => ({
      node,
      target,
      sizeBytes: open.files[target]?.file.sizeBytes ?? 0,
    }));
    return { disks: shown, ring, doorbellFd };
  }

  async #openFiles(vm: DiskVm, disks: readonly DiskRequest[], opened: OpenVm): Promise<ThreadDisk[]> {
    const folder = posix.dirname(vm.vmxPath);
    const threadDisks: ThreadDisk[] = [];
    for (const [target, { fileName, isImage = false }] of disks.entries()) {
      const absolute = fileName.startsWith('/') ? fileName : `${folder}/${fileName}`;
      const { datastore, relative } = this.#parts.resolve(absolute);
      const file = await this.#parts.open(datastore, relative, isImage);
      opened.files.push({ datastore, file });
      await this.#parts.startWorkers(datastore);
      const { extents, uuid } = file;
      // IDE disks of this engine claim no write cache: each write is durable before it completes.
      threadDisks.push({ target, lun: datastore.volume, extents, writeCache: false, uuid });
    }
    return threadDisks;
  }

  #attach(vm: DiskVm, ring: RingNames, doorbellFd: number, disks: readonly ThreadDisk[]): Promise<void> {
    const { shmDir, thread } = this.#parts;
    const { worldId, vmRow, vmGeneration, vmmWorldRow } = vm;
    const requestPath = join(shmDir, ring.request);
    const completionPath = join(shmDir, ring.completion);
    return thread.attach({
      worldId,
      vmRow,
      vmGeneration,
      vmmWorldRow,
      doorbellFd,
      requestPath,
      completionPath,
      disks,
    });
  }

  async #close(worldId: number, vm: OpenVm): Promise<void> {
    if (vm.attached) await this.#parts.thread.detach(worldId);
    if (vm.ring !== undefined) removeRingFiles(this.#parts.shmDir, vm.ring);
    if (vm.doorbellFd !== undefined) closeFd(vm.doorbellFd);
    await Promise.all(vm.files.map(({ datastore, file }) => this.#parts.close(datastore, file)));
  }
}
