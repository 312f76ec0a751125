import type { ScsiOutcome } from '../scsi/disk.js';
import { BLOCK_BYTES } from '../scsi/opcodes.js';
import { type Sense, senseOfErrno } from '../scsi/sense.js';
import type { DiskImage, ImageExtent } from './image.js';
import type { LunQueue, QueuedJob } from './lun-queue.js';
import { JobKind } from './mailbox.js';
import type { RingRequest } from './ring.js';

type Work = Exclude<ScsiOutcome, { kind: 'answer' }>;

/** The end of a transfer: bytes moved, and what the guest is told if it failed. */
export type TransferDone = (transfer: Transfer, doneBytes: number, sense: Sense | undefined) => void;

/**
 * One command on its way through the files of a disk: a job per stretch that lies in one extent, one after the other.
 * A flush visits every extent.
 */
export class Transfer implements QueuedJob {
  readonly tag: number;
  readonly submittedUs: number;
  readonly kind: JobKind;
  readonly writing: boolean;
  fd = -1;
  offsetBytes = 0;
  lengthBytes = 0;
  address = 0;
  cpuUs = 0;
  /** Tags of aborts that wait for this command's end. */
  readonly abortTags: number[] = [];
  #doneBytes = 0;
  #extentIndex = 0;

  constructor(
    readonly owner: number,
    readonly target: number,
    request: RingRequest,
    readonly work: Work,
    readonly payload: number,
    readonly image: DiskImage,
    readonly queue: LunQueue,
    readonly onDone: TransferDone,
  ) {
    this.tag = request.tag;
    this.submittedUs = request.submittedUs;
    this.kind = jobKind(work);
    this.writing = work.kind === 'write' || work.kind === 'flush';
    this.#aim();
  }

  finish(result: number, doneBytes: number, cpuUs: number): void {
    this.cpuUs += cpuUs;
    this.#doneBytes += doneBytes;
    if (result < 0) this.onDone(this, this.#doneBytes, senseOfErrno(-result, this.writing, this.#block()));
    else if (this.#aim()) this.queue.submit(this);
    else this.onDone(this, this.#doneBytes, undefined);
  }

  /** Points the job at what is left. @returns false when nothing is */
  #aim(): boolean {
    const extent = this.work.kind === 'flush' ? this.#nextExtent() : this.#extentOfRest(this.work);
    if (extent === undefined) return false;
    this.fd = extent.fd;
    if (this.work.kind === 'flush') return true;
    const at = this.work.offsetBytes + this.#doneBytes - extent.startBytes;
    this.offsetBytes = extent.fileOffsetBytes + at;
    this.lengthBytes = Math.min(this.work.lengthBytes - this.#doneBytes, extent.lengthBytes - at);
    this.address = this.payload + this.#doneBytes;
    return true;
  }

  #nextExtent(): ImageExtent | undefined {
    return this.image.extents[this.#extentIndex++];
  }

  #extentOfRest(work: { offsetBytes: number; lengthBytes: number }): ImageExtent | undefined {
    if (this.#doneBytes >= work.lengthBytes) return undefined;
    return this.image.extentAt(work.offsetBytes + this.#doneBytes);
  }

  #block(): number {
    const start = this.work.kind === 'flush' ? 0 : this.work.offsetBytes;
    return Math.floor((start + this.#doneBytes) / BLOCK_BYTES);
  }
}

function jobKind(work: Work): JobKind {
  if (work.kind === 'write') return work.durable ? JobKind.writeDurable : JobKind.write;
  return JobKind[work.kind];
}
