import { mkdirSync, rmSync } from 'node:fs';
import { join, posix } from 'node:path';
import { closeFd, memfdCreate, nowUs } from '../../lib/linux/index.js';
import { parseVmx, type VmConfig } from '../../lib/vmx/index.js';
import { VmkernelError, VmmFileWriter, VmState, type VmxStart } from '../abi/index.js';
import { demandPages, type MemoryThread, PAGES_PER_MB } from '../memory/index.js';
import type { DiskRequest, OpenedDisks, StorageSystem, VmxLock } from '../storage/index.js';
import type { HostTables, VmRows } from './host-tables.js';
import type { Admission } from './pools/index.js';
import { createSegment } from './segments.js';
import type { Vm } from './vm.js';
import { readCheckedConfig } from './vm-checks.js';
import { claimOf, demandOf } from './vm-claims.js';
import { VmxProcess } from './vmx-process.js';

const MEGABYTE = 1 << 20;
/** A vmx that does not come up in this time is broken. */
const START_TIMEOUT_MS = 60_000;

export interface PowerOnOptions {
  readonly bootId: string;
  readonly shmDir: string;
  /** Folder below which each running VM has one of its own. */
  readonly vmxRunDir: string;
  readonly controlSocket: string;
  readonly vmxMainPath: string;
  readonly vmxNodeFlags: readonly string[];
  /** The host's address for all its ports, and by how much it moves them. */
  readonly bind: string;
  readonly portOffset: number;
  readonly biosPath: string;
  readonly vgaBiosPath: string;
  /** Clock rate of a PCPU: reservations and limits of a .vmx are in MHz. */
  readonly pcpuMhz: number;
}

export interface PowerOnParts {
  readonly tables: HostTables;
  readonly storage: StorageSystem;
  readonly memory: MemoryThread;
  readonly admission: Admission;
}

/** What the steps of one power-on hand to each other. */
interface Made {
  readonly config: VmConfig;
  readonly vmxText: string;
  readonly rows: VmRows;
  readonly overheadPages: number;
  readonly runDir: string;
  readonly ramFd: number;
  readonly disks: OpenedDisks;
  readonly missingImage: string | null;
}

/**
 * Powers a VM on, step by step in the ledger: lock → config → admit → rows → runDir → report → ram → disks → fork →
 * attach → worlds → grant. Whatever fails or dies on the way, the ledger takes everything back in reverse.
 */
export class PowerOn {
  constructor(
    private readonly options: PowerOnOptions,
    private readonly parts: PowerOnParts,
  ) {}

  async run(vm: Vm): Promise<void> {
    const made = await this.#prepare(vm);
    const process = await this.#start(vm, made);
    await this.#attach(vm, made, process);
    await this.#release(vm, made.rows, process);
  }

  async #prepare(vm: Vm): Promise<Made> {
    const { ledger } = vm;
    const { storage, admission, tables, memory } = this.parts;
    let lock: VmxLock | null = null;
    await ledger.step(
      'lock',
      async () => {
        lock = await storage.lockVmx(vm.vmxPath);
      },
      () => lock?.release(),
    );
    // Read under the lock: whoever replaces the file does so before, or not at all.
    const { config, vmxText } = await ledger.step('config', () => this.#readConfig(vm));
    const claim = claimOf(config.cpu, this.options.pcpuMhz);
    const rows = await ledger.step(
      'rows',
      () => {
        const { memsizeMb: memoryMb, numVcpus: vcpus } = config;
        const poolId = admission.poolOf(vm.vmxPath);
        vm.rows = tables.reserveVm({ name: vm.name, memoryMb, vcpus, poolId }, claim);
        return vm.rows;
      },
      () => {
        if (vm.rows !== null) tables.releaseVm(vm.rows);
      },
    );
    await ledger.step(
      'admit',
      () => admission.admit(rows.vmRow, demandOf(vm.vmxPath, config, this.options.pcpuMhz)),
      () => admission.release(rows.vmRow),
    );
    const runDir = join(this.options.vmxRunDir, String(rows.worldId));
    await ledger.step(
      'runDir',
      () => mkdirSync(runDir, { recursive: true, mode: 0o700 }),
      () => rmSync(runDir, { recursive: true, force: true }),
    );
    const reportPath = join(this.options.shmDir, `${VmmFileWriter.NAME}-${rows.vmmWorldId}`);
    await ledger.step(
      'report',
      () => createSegment(reportPath, VmmFileWriter),
      () => rmSync(reportPath, { force: true }),
    );
    let ramFd = -1;
    await ledger.step(
      'ram',
      () => {
        ramFd = memfdCreate(`vm-${rows.worldId}`, config.memsizeMb * MEGABYTE);
      },
      async () => {
        await memory.detach(rows.vmRow);
        if (ramFd >= 0) closeFd(ramFd);
      },
    );
    const image = await this.#findImage(vm, config);
    const disks = await ledger.step(
      'disks',
      () => this.#openDisks(vm, [...config.disks, ...image.drives], rows),
      () => storage.closeDisks(rows.worldId),
    );
    const { missingImage } = image;
    const { overhead: overheadPages } = demandPages({ memoryMb: config.memsizeMb, vcpus: config.numVcpus });
    return { config, vmxText, rows, overheadPages, runDir, ramFd, disks, missingImage };
  }

  async #readConfig(vm: Vm): Promise<{ config: VmConfig; vmxText: string }> {
    const bytes = await readVmx(this.parts.storage, vm.vmxPath);
    const config = readCheckedConfig(bytes);
    vm.name = config.displayName ?? vm.name;
    vm.memoryMb = config.memsizeMb;
    return { config, vmxText: parseVmx(bytes).toString() };
  }

  /** The image that starts in the CD drive. One that is not there is for the vmx to ask about. */
  async #findImage(
    vm: Vm,
    { cdroms }: VmConfig,
  ): Promise<{ drives: DiskRequest[]; missingImage: string | null }> {
    const inDrive = cdroms.find(
      ({ deviceType, startConnected }) => deviceType === 'cdrom-image' && startConnected,
    );
    if (inDrive === undefined) return { drives: [], missingImage: null };
    const { node, fileName } = inDrive;
    const path = posix.resolve(posix.dirname(vm.vmxPath), fileName);
    try {
      await this.parts.storage.files.call('fileStat', { path }, new Uint8Array(0));
    } catch (error) {
      if (error instanceof VmkernelError && error.code === 'NotFound')
        return { drives: [], missingImage: fileName };
      throw error;
    }
    return { drives: [{ node, fileName, isImage: true }], missingImage: null };
  }

  #openDisks(vm: Vm, disks: readonly DiskRequest[], rows: VmRows): Promise<OpenedDisks> {
    return this.parts.storage.openDisks(
      {
        worldId: rows.worldId,
        vmRow: rows.vmRow,
        vmGeneration: rows.vmGeneration,
        vmmWorldRow: rows.vmmRow,
        vmxPath: vm.vmxPath,
      },
      disks,
    );
  }

  #start(vm: Vm, made: Made): Promise<VmxProcess> {
    const fds = { ram: made.ramFd, diskDoorbell: made.disks.doorbellFd };
    return vm.ledger.step(
      'fork',
      async () => {
        const program = { mainPath: this.options.vmxMainPath, nodeFlags: this.options.vmxNodeFlags };
        const process = await VmxProcess.start(
          program,
          fds,
          (message, body) => vm.receive(message, body),
          vm.log,
        );
        vm.process = process;
        void process.ended.then(end => vm.processEnded(end));
        return process;
      },
      async () => {
        vm.process?.kill();
        await vm.process?.ended;
      },
    );
  }

  async #attach(vm: Vm, made: Made, process: VmxProcess): Promise<void> {
    const { rows } = made;
    process.send({ type: 'start', start: this.#startMessage(vm, made) });
    const attached = await inTime(vm, vm.attached.reached);
    await vm.ledger.step('attach', async () => {
      await this.parts.memory.attach({
        vmRow: rows.vmRow,
        generation: rows.vmGeneration,
        userfaultfd: process.takeFd(attached.userfaultfd),
        address: attached.ramAddress,
        sizePages: made.config.memsizeMb * PAGES_PER_MB,
        overheadPages: made.overheadPages,
      });
    });
    await vm.ledger.step('worlds', () =>
      this.parts.tables.activateVm(rows, vm.name, process.pid, attached.vmmTid, VmState.poweringOn),
    );
  }

  async #release(vm: Vm, rows: VmRows, process: VmxProcess): Promise<void> {
    process.send({ type: 'grantable' });
    await inTime(vm, vm.poweredOn.reached);
    await vm.ledger.step('grant', () => {
      this.parts.tables.setVmState(rows, VmState.poweredOn, nowUs());
    });
  }

  #startMessage(vm: Vm, made: Made): VmxStart {
    const { bootId, shmDir, bind, portOffset, biosPath, vgaBiosPath, controlSocket } = this.options;
    return {
      worldId: made.rows.worldId,
      name: vm.name,
      vmxPath: vm.vmxPath,
      bootId,
      shmDir,
      controlSocket,
      vmmWorldRow: made.rows.vmmRow,
      vmmWorldId: made.rows.vmmWorldId,
      memoryBytes: made.config.memsizeMb * MEGABYTE,
      runDir: made.runDir,
      disks: made.disks.disks.filter(({ node }) => !isCdrom(made, node)),
      cdrom: made.disks.disks.find(({ node }) => isCdrom(made, node)) ?? null,
      missingImage: made.missingImage,
      diskRing: made.disks.ring,
      bind,
      portOffset,
      biosPath,
      vgaBiosPath,
      vmxText: made.vmxText,
    };
  }
}

function isCdrom({ config }: Made, node: string): boolean {
  return config.cdroms.some(cdrom => cdrom.node === node);
}

/** A .vmx is a small text file; what is larger is none. */
const MAX_VMX_BYTES = MEGABYTE;

async function readVmx(storage: StorageSystem, path: string): Promise<Uint8Array> {
  const args = { path, offsetBytes: 0, lengthBytes: MAX_VMX_BYTES + 1 };
  const { body } = await storage.files.call('fileRead', args, new Uint8Array(0));
  if (body === undefined || body.length > MAX_VMX_BYTES)
    throw new VmkernelError('InvalidVmx', `${path} is larger than ${MAX_VMX_BYTES} bytes`, {
      line: 0,
      reason: 'TooLarge',
    });
  return body;
}

/** A vmx that asks something has all the time of its administrator. */
async function inTime<T>(vm: Vm, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const look = (): void => {
      const reason = `vmware-vmx did not answer within ${START_TIMEOUT_MS / 1000} s`;
      if (vm.question === null) reject(new VmkernelError('VmxDied', reason, { reason }));
      else timer = setTimeout(look, START_TIMEOUT_MS);
    };
    timer = setTimeout(look, START_TIMEOUT_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
