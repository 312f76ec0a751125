import { nowUs, preadCached } from '../../../lib/linux/index.js';
import { DiskHostStatus, DiskOperation, KickReason } from '../../abi/index.js';
import { ScsiDisk, type ScsiOutcome } from '../scsi/disk.js';
import { BLOCK_BYTES } from '../scsi/opcodes.js';
import { INVALID_FIELD_IN_CDB, ScsiStatus, type Sense, UNIT_NOT_SUPPORTED } from '../scsi/sense.js';
import { DiskImage } from './image.js';
import type { LunQueue } from './lun-queue.js';
import type { ThreadVm } from './messages.js';
import { type RingRequest, VmRing } from './ring.js';
import { VmFigures } from './statistics.js';
import { Transfer } from './transfer.js';

/** Reads up to this size are tried from Linux's cache in the storage thread, which must never wait for a disk. */
const CACHED_READ_BYTES = 256 * 1024;
const CDB_BYTES = 16;

interface Disk {
  readonly scsi: ScsiDisk;
  readonly image: DiskImage;
  readonly queue: LunQueue;
}

type Answer = Extract<ScsiOutcome, { kind: 'answer' }>;

/** One VM's disks: takes requests from its ring, lets LUN queues do them, posts completions. */
export class VmDisks {
  readonly worldId: number;
  readonly doorbellFd: number;
  readonly vmmWorldRow: number;
  readonly figures: VmFigures;
  /** Completions since the last kick. */
  posted = 0;
  readonly #ring: VmRing;
  readonly #disks = new Map<number, Disk>();
  readonly #running = new Map<number, Transfer>();
  readonly #resets: { readonly tag: number; readonly waiting: Set<number> }[] = [];
  #closing: (() => void) | undefined;
  readonly #slot: RingRequest = {
    tag: 0,
    operation: 0,
    target: 0,
    lun: 0,
    otherTag: 0,
    dataOutBytes: 0,
    dataInBytes: 0,
    arenaOffset: 0,
    submittedUs: 0,
    cdb: new Uint8Array(CDB_BYTES),
  };

  constructor(vm: ThreadVm, queueOf: (lun: string) => LunQueue) {
    this.worldId = vm.worldId;
    this.doorbellFd = vm.doorbellFd;
    this.vmmWorldRow = vm.vmmWorldRow;
    this.figures = new VmFigures(vm.vmRow, vm.vmGeneration);
    for (const { target, lun, extents, writeCache, uuid } of vm.disks) {
      const image = new DiskImage(extents);
      const scsi = new ScsiDisk({ blocks: Math.floor(image.sizeBytes / BLOCK_BYTES), writeCache, uuid });
      this.#disks.set(target, { scsi, image, queue: queueOf(lun) });
    }
    this.#ring = new VmRing(vm);
  }

  get broken(): boolean {
    return this.#ring.broken;
  }

  get closing(): boolean {
    return this.#closing !== undefined;
  }

  /** Requests taken and not yet completed. */
  get outstanding(): number {
    return this.#ring.outstanding;
  }

  awake(): void {
    this.#ring.awake();
  }

  /** @returns whether there is more to take after all */
  sleep(): boolean {
    return this.#closing === undefined && this.#ring.sleep();
  }

  /** Takes at most `limit` requests. @returns whether the ring may have more */
  serve(limit: number): boolean {
    for (let taken = 0; taken < limit; taken++) {
      if (this.#closing !== undefined || !this.#ring.next(this.#slot)) return false;
      this.#take(this.#slot);
    }
    return true;
  }

  /** No request is taken any more; what no worker has begun is dropped. `onClosed` follows the last I/O. */
  close(onClosed: () => void): void {
    this.#closing = onClosed;
    for (const transfer of [...this.#running.values()])
      if (transfer.queue.withdraw(transfer)) this.#running.delete(transfer.tag);
    this.#endIfIdle();
  }

  takeKick(): number {
    const reason = this.posted > 0 && !this.closing ? KickReason.disk : 0;
    this.posted = 0;
    return reason;
  }

  #take(slot: RingRequest): void {
    switch (slot.operation) {
      case DiskOperation.command:
        this.#command(slot);
        return;
      case DiskOperation.abort:
        this.#abort(slot);
        return;
      case DiskOperation.resetTarget:
      case DiskOperation.resetBus:
        this.#reset(slot);
        return;
      default:
        this.#post(slot.tag, DiskHostStatus.badRequest, ScsiStatus.checkCondition, INVALID_FIELD_IN_CDB, 0);
    }
  }

  #command(slot: RingRequest): void {
    const disk = this.#disks.get(slot.target);
    const payload = this.#ring.payload(slot);
    if (payload < 0 || this.#running.has(slot.tag)) {
      this.#post(slot.tag, DiskHostStatus.badRequest, ScsiStatus.checkCondition, INVALID_FIELD_IN_CDB, 0);
      return;
    }
    if (disk === undefined) {
      this.#post(slot.tag, DiskHostStatus.noTarget, ScsiStatus.checkCondition, UNIT_NOT_SUPPORTED, 0);
      return;
    }
    const { lun, cdb, dataOutBytes, dataInBytes } = slot;
    const outcome = disk.scsi.execute({ initiator: this.worldId, lun, cdb, dataOutBytes, dataInBytes });
    if (outcome.kind === 'answer') this.#answer(slot, outcome);
    else if (outcome.kind !== 'read' || !this.#readCached(slot, disk.image, payload, outcome))
      this.#transfer(slot, disk, payload, outcome);
  }

  #answer(slot: RingRequest, outcome: Answer): void {
    if (outcome.data !== undefined) this.#ring.fill(slot, outcome.data);
    this.figures.otherCommands++;
    this.#account(slot.submittedUs, outcome.sense);
    this.#post(slot.tag, DiskHostStatus.done, outcome.status, outcome.sense, outcome.data?.length ?? 0);
  }

  #readCached(
    slot: RingRequest,
    image: DiskImage,
    payload: number,
    work: { offsetBytes: number; lengthBytes: number },
  ): boolean {
    const { offsetBytes, lengthBytes } = work;
    const extent = image.extentAt(offsetBytes);
    if (extent === undefined || lengthBytes > CACHED_READ_BYTES) return false;
    const at = offsetBytes - extent.startBytes;
    if (at + lengthBytes > extent.lengthBytes) return false;
    if (preadCached(extent.fd, payload, lengthBytes, extent.fileOffsetBytes + at) !== lengthBytes)
      return false;
    this.figures.reads++;
    this.figures.readBytes += lengthBytes;
    this.#account(slot.submittedUs, undefined);
    this.#post(slot.tag, DiskHostStatus.done, ScsiStatus.good, undefined, lengthBytes);
    return true;
  }

  #transfer(slot: RingRequest, disk: Disk, payload: number, work: Exclude<ScsiOutcome, Answer>): void {
    const { image, queue } = disk;
    const transfer = new Transfer(this.worldId, slot.target, slot, work, payload, image, queue, this.#onDone);
    this.#running.set(slot.tag, transfer);
    queue.submit(transfer);
  }

  readonly #onDone = (transfer: Transfer, doneBytes: number, sense: Sense | undefined): void => {
    this.#running.delete(transfer.tag);
    this.figures.cpuUs += transfer.cpuUs;
    this.#count(transfer, doneBytes);
    this.#account(transfer.submittedUs, sense);
    if (this.#closing === undefined) {
      const status = sense === undefined ? ScsiStatus.good : ScsiStatus.checkCondition;
      const moved = transfer.work.kind === 'verify' ? 0 : doneBytes;
      this.#post(transfer.tag, DiskHostStatus.done, status, sense, moved);
      for (const tag of transfer.abortTags)
        this.#post(tag, DiskHostStatus.done, ScsiStatus.good, undefined, 0);
      this.#noteEnd(transfer.tag);
    }
    this.#endIfIdle();
  };

  /** A command that no worker has begun ends now; for one that a worker has, the abort waits: it may still land. */
  #abort(slot: RingRequest): void {
    const transfer = this.#running.get(slot.otherTag);
    if (transfer === undefined) {
      this.#post(slot.tag, DiskHostStatus.notFound, ScsiStatus.good, undefined, 0);
      return;
    }
    if (!this.#withdraw(transfer)) {
      transfer.abortTags.push(slot.tag);
      return;
    }
    this.#post(slot.tag, DiskHostStatus.done, ScsiStatus.good, undefined, 0);
  }

  #withdraw(transfer: Transfer): boolean {
    if (!transfer.queue.withdraw(transfer)) return false;
    this.#running.delete(transfer.tag);
    this.#post(transfer.tag, DiskHostStatus.aborted, ScsiStatus.taskAborted, undefined, 0);
    for (const tag of transfer.abortTags) this.#post(tag, DiskHostStatus.done, ScsiStatus.good, undefined, 0);
    return true;
  }

  #reset(slot: RingRequest): void {
    const wholeBus = slot.operation === DiskOperation.resetBus;
    for (const [target, disk] of this.#disks)
      if (wholeBus || target === slot.target) disk.scsi.reset([this.worldId], wholeBus);
    const concerned = [...this.#running.values()].filter(t => wholeBus || t.target === slot.target);
    const left = concerned.filter(transfer => !this.#withdraw(transfer)).map(transfer => transfer.tag);
    if (left.length === 0) this.#post(slot.tag, DiskHostStatus.done, ScsiStatus.good, undefined, 0);
    else this.#resets.push({ tag: slot.tag, waiting: new Set(left) });
  }

  /** A reset ends with the last command that could not be taken back. */
  #noteEnd(tag: number): void {
    for (const reset of this.#resets) {
      if (!reset.waiting.delete(tag) || reset.waiting.size > 0) continue;
      this.#resets.splice(this.#resets.indexOf(reset), 1);
      this.#post(reset.tag, DiskHostStatus.done, ScsiStatus.good, undefined, 0);
      return;
    }
  }

  #count({ work }: Transfer, doneBytes: number): void {
    const { figures } = this;
    if (work.kind === 'read') {
      figures.reads++;
      figures.readBytes += doneBytes;
    } else if (work.kind === 'write') {
      figures.writes++;
      figures.writtenBytes += doneBytes;
    } else {
      figures.otherCommands++;
    }
  }

  #account(submittedUs: number, sense: Sense | undefined): void {
    const latencyUs = nowUs() - submittedUs;
    // The VMM wrote the time: nonsense is not added up.
    if (latencyUs > 0 && latencyUs < 1e9) this.figures.latencyUs += latencyUs;
    if (sense !== undefined) this.figures.errors++;
  }

  #post(
    tag: number,
    hostStatus: number,
    status: number,
    sense: Sense | undefined,
    transferred: number,
  ): void {
    this.#ring.post(tag, hostStatus, status, sense, transferred);
    this.posted++;
  }

  #endIfIdle(): void {
    if (this.#closing === undefined || this.#running.size > 0) return;
    this.#ring.unmap();
    this.#closing();
  }
}
