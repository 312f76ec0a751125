import { closeSync, fstatSync, openSync } from 'node:fs';
import {
  type Address,
  MAP_POPULATE,
  MAP_SHARED,
  mmap,
  munmap,
  PROT_READ,
  PROT_WRITE,
  viewOf,
} from '../../../lib/linux/index.js';
import {
  DISK_RING_ROWS,
  DISK_TRANSFER_BYTES,
  DiskCompletionFileWriter,
  DiskRequestFile,
} from '../../abi/index.js';
import { encodeSense, SENSE_BYTES, type Sense } from '../scsi/sense.js';

/** A request as the VMM left it in its slot, copied once: the VMM may change the slot at any time. */
export interface RingRequest {
  tag: number;
  operation: number;
  target: number;
  lun: number;
  otherTag: number;
  dataOutBytes: number;
  dataInBytes: number;
  arenaOffset: number;
  submittedUs: number;
  readonly cdb: Uint8Array;
}

export interface RingFiles {
  readonly requestPath: string;
  readonly completionPath: string;
}

const ROW_MASK = DISK_RING_ROWS - 1;

/**
 * The VMkernel's end of a VM's disk ring. The request file is mapped read-only and believed in nothing: counters that
 * cannot be put the ring out of service, arena ranges are checked against sizes kept here.
 */
export class VmRing {
  readonly #requestAddress: Address;
  readonly #requestSizeBytes: number;
  readonly #completionAddress: Address;
  readonly #completionSizeBytes: number;
  readonly #request: DiskRequestFile;
  readonly #completion: DiskCompletionFileWriter;
  readonly #requestBytes: Uint8Array;
  readonly #completionBytes: Uint8Array;
  #tail = 0;
  #head = 0;
  #outstanding = 0;
  #broken = false;

  constructor(files: RingFiles) {
    const request = mapWhole(files.requestPath, PROT_READ);
    const completion = mapWhole(files.completionPath, PROT_READ | PROT_WRITE);
    this.#requestAddress = request.address;
    this.#requestSizeBytes = request.sizeBytes;
    this.#completionAddress = completion.address;
    this.#completionSizeBytes = completion.sizeBytes;
    const requestMemory = viewOf(request.address, request.sizeBytes);
    const completionMemory = viewOf(completion.address, completion.sizeBytes);
    this.#request = new DiskRequestFile(requestMemory);
    this.#completion = new DiskCompletionFileWriter(completionMemory);
    this.#requestBytes = new Uint8Array(requestMemory);
    this.#completionBytes = new Uint8Array(completionMemory);
  }

  get broken(): boolean {
    return this.#broken;
  }

  /** Requests taken and not yet completed. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** Says that the VMM must ring. @returns whether requests came in the meantime: then it is awake again */
  sleep(): boolean {
    const control = this.#completion.diskCompletionControl;
    control.setAsleep(1);
    if (this.#broken || this.#request.diskRequestControl.head() === this.#tail) return false;
    control.setAsleep(0);
    return true;
  }

  awake(): void {
    this.#completion.diskCompletionControl.setAsleep(0);
  }

  /** Copies the next request into `into`. @returns false when there is none, or the ring is broken */
  next(into: RingRequest): boolean {
    if (this.#broken) return false;
    const { diskRequestControl, diskRequestSlot: slots } = this.#request;
    const available = (diskRequestControl.head() - this.#tail) | 0;
    if (available === 0) return false;
    const untaken = (this.#head - diskRequestControl.completionTail()) | 0;
    const fits = this.#outstanding + untaken < DISK_RING_ROWS;
    if (available < 0 || available > DISK_RING_ROWS || untaken < 0 || !fits) {
      this.break();
      return false;
    }
    const row = this.#tail & ROW_MASK;
    into.tag = slots.tag(row);
    into.operation = slots.operation(row);
    into.target = slots.target(row);
    into.lun = slots.lun(row);
    into.otherTag = slots.otherTag(row);
    into.dataOutBytes = slots.dataOutBytes(row);
    into.dataInBytes = slots.dataInBytes(row);
    into.arenaOffset = slots.arenaOffset(row);
    into.submittedUs = slots.submittedUs(row);
    const at = slots.cdbOffset(row);
    for (let i = 0; i < into.cdb.length; i++) into.cdb[i] = this.#requestBytes[at + i] ?? 0;
    this.#tail = (this.#tail + 1) | 0;
    this.#outstanding++;
    this.#completion.diskCompletionControl.setRequestTail(this.#tail);
    return true;
  }

  /** Address of a request's arena bytes, or -1 when the VMM named bytes that are none. */
  payload(request: RingRequest): Address {
    const { dataOutBytes: out, dataInBytes: into, arenaOffset: offset } = request;
    if (out < 0 || into < 0 || offset < 0 || (out > 0 && into > 0)) return -1;
    if (out > DISK_TRANSFER_BYTES || into > DISK_TRANSFER_BYTES) return -1;
    const start = offset + (out > 0 ? DiskRequestFile.SIZE_BYTES : DiskCompletionFileWriter.SIZE_BYTES);
    if (start + out + into > (out > 0 ? this.#requestSizeBytes : this.#completionSizeBytes)) return -1;
    return start + (out > 0 ? this.#requestAddress : this.#completionAddress);
  }

  /** Puts answer data into the arena bytes of a request that {@link payload} has accepted. */
  fill(request: RingRequest, data: Uint8Array): void {
    this.#completionBytes.set(data, DiskCompletionFileWriter.SIZE_BYTES + request.arenaOffset);
  }

  post(
    tag: number,
    hostStatus: number,
    status: number,
    sense: Sense | undefined,
    transferredBytes: number,
  ): void {
    const slots = this.#completion.diskCompletionSlot;
    const row = this.#head & ROW_MASK;
    slots.setTag(row, tag);
    slots.setHostStatus(row, hostStatus);
    slots.setStatus(row, status);
    slots.setTransferredBytes(row, transferredBytes);
    slots.setSenseBytes(row, sense === undefined ? 0 : SENSE_BYTES);
    if (sense !== undefined) encodeSense(sense, this.#completionBytes, slots.senseOffset(row));
    this.#head = (this.#head + 1) | 0;
    this.#outstanding--;
    this.#completion.diskCompletionControl.setHead(this.#head);
  }

  break(): void {
    this.#broken = true;
    this.#completion.diskCompletionControl.setBroken(1);
  }

  /** Nothing may use the ring or an address in it afterwards. */
  unmap(): void {
    munmap(this.#requestAddress, this.#requestSizeBytes);
    munmap(this.#completionAddress, this.#completionSizeBytes);
  }
}

function mapWhole(path: string, protection: number): { address: Address; sizeBytes: number } {
  const fd = openSync(path, (protection & PROT_WRITE) !== 0 ? 'r+' : 'r');
  try {
    const sizeBytes = fstatSync(fd).size;
    return { address: mmap(0, sizeBytes, protection, MAP_SHARED | MAP_POPULATE, fd), sizeBytes };
  } finally {
    closeSync(fd);
  }
}
