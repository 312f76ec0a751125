import { statSync } from 'node:fs';
import { join } from 'node:path';
import { eventfdSignal, mapFile, nowUs } from '../../lib/linux/index.js';
import {
  DISK_RING_ROWS,
  DISK_TRANSFER_BYTES,
  DiskCompletionFile,
  DiskHostStatus,
  DiskOperation,
  DiskRequestFileWriter,
} from '../abi/index.js';
import { DiskArena } from './disk-arena.js';
import type { ControlDone, DiskDone, DiskPort } from './disk-port.js';

export interface DiskRingOptions {
  readonly shmDir: string;
  /** Names of the two files of the ring in `shmDir`. */
  readonly request: string;
  readonly completion: string;
  /** The eventfd that wakes the storage thread. */
  readonly doorbellFd: number;
}

/** Tags for aborts and resets, beside those of commands: they get through when every command is stuck. */
const CONTROL_TAGS = 8;
const MAX_WAITING = 1024;
const SENSE_BYTES = 18;
const CDB_BYTES = 16;
const TASK_ABORTED = 0x40;
const EMPTY = new Uint8Array(0);

interface Request {
  readonly handle: number;
  readonly operation: number;
  readonly target: number;
  readonly cdb: Uint8Array;
  readonly dataOut: Uint8Array | undefined;
  readonly dataInBytes: number;
  readonly otherHandle: number;
  readonly done: DiskDone;
}

/** The ring cannot take this request, or any. */
export class DiskRingError extends Error {
  override readonly name = 'DiskRingError';
  constructor(readonly code: 'Busy' | 'Broken' | 'InvalidArgument') {
    super(`disk ring: ${code}`);
  }
}

/**
 * The VMM's end of a VM's disk ring. One thread uses it: the one that writes the request file. A request slot, its
 * tag and its arena bytes are the storage thread's from `submit` until its completion is taken by `poll`; whatever
 * finds no tag or no arena waits here in order. A submit on the way through allocates its view of the data only.
 */
export class DiskRing {
  readonly #request: DiskRequestFileWriter;
  readonly #completion: DiskCompletionFile;
  readonly #requestBytes: Uint8Array;
  readonly #completionBytes: Uint8Array;
  readonly #outArena: DiskArena;
  readonly #inArena: DiskArena;
  readonly #doorbellFd: number;
  readonly #depth: number;
  // By tag: what is outstanding. Tags from depth on are for aborts and resets.
  readonly #done: (DiskDone | undefined)[];
  readonly #handles: Float64Array;
  readonly #outBytes: Int32Array;
  readonly #inBytes: Int32Array;
  readonly #offsets: Int32Array;
  readonly #freeCommands: number[] = [];
  readonly #freeControls: number[] = [];
  readonly #waiting: Request[] = [];
  readonly #abortedWaiting: Request[] = [];
  readonly #sense = new Uint8Array(SENSE_BYTES);
  #nextHandle = 1;
  #head = 0;
  #tail = 0;
  #outstanding = 0;

  /** @throws AbiMismatch, or ENOENT when the VMkernel made no such ring */
  constructor(options: DiskRingOptions) {
    const map = (name: string, writable: boolean): ArrayBuffer => {
      const path = join(options.shmDir, name);
      return mapFile(path, statSync(path).size, writable).memory;
    };
    const request = map(options.request, true);
    const completion = map(options.completion, false);
    this.#request = new DiskRequestFileWriter(request);
    this.#completion = new DiskCompletionFile(completion);
    const control = this.#completion.diskCompletionControl;
    this.#requestBytes = new Uint8Array(request);
    this.#completionBytes = new Uint8Array(completion);
    this.#outArena = new DiskArena(control.requestArenaBytes());
    this.#inArena = new DiskArena(control.completionArenaBytes());
    this.#doorbellFd = options.doorbellFd;
    this.#depth = Math.min(control.depth(), DISK_RING_ROWS - CONTROL_TAGS);
    const tags = this.#depth + CONTROL_TAGS;
    this.#done = new Array<DiskDone | undefined>(tags).fill(undefined);
    this.#handles = new Float64Array(tags);
    this.#outBytes = new Int32Array(tags);
    this.#inBytes = new Int32Array(tags);
    this.#offsets = new Int32Array(tags);
    for (let tag = tags - 1; tag >= 0; tag--)
      (tag < this.#depth ? this.#freeCommands : this.#freeControls).push(tag);
  }

  /** The disk with that number. */
  port(target: number): DiskPort {
    return {
      submit: (cdb, dataOut, dataInBytes, onDone) => this.#command(target, cdb, dataOut, dataInBytes, onDone),
      abort: (handle, onDone) => this.#abort(target, handle, onDone),
      reset: onDone => this.#control(DiskOperation.resetTarget, target, 0, onDone),
      poll: () => this.poll(),
    };
  }

  /** Bus reset: every command of every disk ends. */
  resetBus(onDone: ControlDone): void {
    this.#control(DiskOperation.resetBus, 0, 0, onDone);
  }

  /** Requests that have not ended, those that wait for room included. */
  pending(): number {
    return this.#outstanding + this.#waiting.length + this.#abortedWaiting.length;
  }

  poll(): number {
    let delivered = this.#deliverAborted();
    const { diskCompletionControl } = this.#completion;
    while (this.#tail !== diskCompletionControl.head()) {
      this.#take(this.#tail & (DISK_RING_ROWS - 1));
      delivered++;
    }
    return delivered;
  }

  #command(
    target: number,
    cdb: Uint8Array,
    dataOut: Uint8Array | undefined,
    dataInBytes: number,
    done: DiskDone,
  ): number {
    const outBytes = dataOut?.length ?? 0;
    if (cdb.length > CDB_BYTES || (outBytes > 0 && dataInBytes > 0))
      throw new DiskRingError('InvalidArgument');
    if (Math.max(outBytes, dataInBytes) > DISK_TRANSFER_BYTES) throw new DiskRingError('InvalidArgument');
    const handle = this.#nextHandle++;
    const operation = DiskOperation.command;
    if (
      this.#waiting.length === 0 &&
      this.#start(handle, operation, target, cdb, dataOut, dataInBytes, 0, done)
    )
      return handle;
    if (this.#waiting.length >= MAX_WAITING) throw new DiskRingError('Busy');
    const copy = dataOut?.slice();
    this.#waiting.push({
      handle,
      operation,
      target,
      cdb: cdb.slice(),
      dataOut: copy,
      dataInBytes,
      otherHandle: 0,
      done,
    });
    return handle;
  }

  #abort(target: number, handle: number, onDone: ControlDone): void {
    const at = this.#waiting.findIndex(request => request.handle === handle);
    const waiting = at < 0 ? undefined : this.#waiting.splice(at, 1)[0];
    if (waiting !== undefined) this.#abortedWaiting.push(waiting);
    // The ring's order then delivers the abort's own end after the command's.
    this.#control(DiskOperation.abort, target, handle, onDone);
  }

  #control(operation: number, target: number, otherHandle: number, onDone: ControlDone): void {
    const done: DiskDone = (_status, _sense, _data, hostStatus) => onDone(hostStatus);
    const handle = this.#nextHandle++;
    if (this.#start(handle, operation, target, EMPTY, undefined, 0, otherHandle, done)) return;
    if (this.#waiting.length >= MAX_WAITING) throw new DiskRingError('Busy');
    const cdb = EMPTY;
    this.#waiting.push({
      handle,
      operation,
      target,
      cdb,
      dataOut: undefined,
      dataInBytes: 0,
      otherHandle,
      done,
    });
  }

  /** @returns false when there is no tag or no arena for it now */
  #start(
    handle: number,
    operation: number,
    target: number,
    cdb: Uint8Array,
    dataOut: Uint8Array | undefined,
    dataInBytes: number,
    otherHandle: number,
    done: DiskDone,
  ): boolean {
    if (this.#completion.diskCompletionControl.broken() !== 0) throw new DiskRingError('Broken');
    const free = operation === DiskOperation.command ? this.#freeCommands : this.#freeControls;
    const tag = free[free.length - 1];
    if (tag === undefined) return false;
    const outBytes = dataOut?.length ?? 0;
    const offset =
      outBytes > 0 ? this.#outArena.take(outBytes) : dataInBytes > 0 ? this.#inArena.take(dataInBytes) : 0;
    if (offset < 0) return false;
    free.pop();
    if (dataOut !== undefined) this.#requestBytes.set(dataOut, DiskRequestFileWriter.SIZE_BYTES + offset);
    this.#done[tag] = done;
    this.#handles[tag] = handle;
    this.#outBytes[tag] = outBytes;
    this.#inBytes[tag] = dataInBytes;
    this.#offsets[tag] = offset;
    this.#fillSlot(tag, operation, target, cdb, otherHandle === 0 ? -1 : this.#tagOf(otherHandle));
    this.#publish();
    return true;
  }

  #fillSlot(tag: number, operation: number, target: number, cdb: Uint8Array, otherTag: number): void {
    const slots = this.#request.diskRequestSlot;
    const row = this.#head & (DISK_RING_ROWS - 1);
    slots.setTag(row, tag);
    slots.setOperation(row, operation);
    slots.setTarget(row, target);
    slots.setLun(row, 0);
    slots.setOtherTag(row, otherTag);
    slots.setDataOutBytes(row, this.#outBytes[tag] ?? 0);
    slots.setDataInBytes(row, this.#inBytes[tag] ?? 0);
    slots.setArenaOffset(row, this.#offsets[tag] ?? 0);
    slots.setSubmittedUs(row, nowUs());
    const at = slots.cdbOffset(row);
    for (let i = 0; i < CDB_BYTES; i++) this.#requestBytes[at + i] = cdb[i] ?? 0;
  }

  #publish(): void {
    this.#outstanding++;
    this.#head = (this.#head + 1) | 0;
    this.#request.diskRequestControl.setHead(this.#head);
    if (this.#completion.diskCompletionControl.asleep() !== 0) eventfdSignal(this.#doorbellFd);
  }

  #tagOf(handle: number): number {
    for (let tag = 0; tag < this.#depth; tag++)
      if (this.#handles[tag] === handle && this.#done[tag] !== undefined) return tag;
    return -1;
  }

  #take(row: number): void {
    const slots = this.#completion.diskCompletionSlot;
    const tag = slots.tag(row);
    const hostStatus = slots.hostStatus(row);
    const status = slots.status(row);
    const senseBytes = slots.senseBytes(row);
    const transferred = slots.transferredBytes(row);
    const senseAt = slots.senseOffset(row);
    if (senseBytes > 0) this.#sense.set(this.#completionBytes.subarray(senseAt, senseAt + SENSE_BYTES));
    this.#tail = (this.#tail + 1) | 0;
    this.#request.diskRequestControl.setCompletionTail(this.#tail);
    this.#finish(tag, status, senseBytes > 0 ? this.#sense : undefined, transferred, hostStatus);
  }

  #finish(
    tag: number,
    status: number,
    sense: Uint8Array | undefined,
    transferred: number,
    host: number,
  ): void {
    const done = this.#done[tag];
    if (done === undefined) return;
    this.#done[tag] = undefined;
    this.#outstanding--;
    (tag < this.#depth ? this.#freeCommands : this.#freeControls).push(tag);
    const inBytes = this.#inBytes[tag] ?? 0;
    const outBytes = this.#outBytes[tag] ?? 0;
    const offset = this.#offsets[tag] ?? 0;
    if (outBytes > 0) this.#outArena.give(offset, outBytes);
    const at = DiskCompletionFile.SIZE_BYTES + offset;
    const data =
      inBytes > 0 ? this.#completionBytes.subarray(at, at + Math.min(transferred, inBytes)) : undefined;
    try {
      done(status, sense, data, host);
    } finally {
      if (inBytes > 0) this.#inArena.give(offset, inBytes);
      this.#startWaiting();
    }
  }

  #startWaiting(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const { handle, operation, target, cdb, dataOut, dataInBytes, otherHandle, done } = next;
      if (!this.#start(handle, operation, target, cdb, dataOut, dataInBytes, otherHandle, done)) return;
      this.#waiting.shift();
    }
  }

  #deliverAborted(): number {
    const aborted = this.#abortedWaiting.splice(0);
    for (const request of aborted) request.done(TASK_ABORTED, undefined, undefined, DiskHostStatus.aborted);
    return aborted.length;
  }
}
