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
import { CONTROL_TAGS, DiskTags } from './disk-tags.js';

export interface DiskRingOptions {
  readonly shmDir: string;
  /** Names of the two files of the ring in `shmDir`. */
  readonly request: string;
  readonly completion: string;
  /** The eventfd that wakes the storage thread. */
  readonly doorbellFd: number;
}

const ROW_MASK = DISK_RING_ROWS - 1;
const MAX_WAITING = 1024;
const SENSE_BYTES = 18;
const CDB_BYTES = 16;
const GOOD = 0;
const TASK_ABORTED = 0x40;
const NO_CDB = new Uint8Array(0);
const NO_TAG = -1;

interface Request {
  handle: number;
  operation: number;
  target: number;
  cdb: Uint8Array;
  dataOut: Uint8Array | undefined;
  dataInBytes: number;
  /** An abort's: the command it is about. */
  otherHandle: number;
  done: DiskDone;
}

/** The ring cannot take this request (InvalidArgument, Busy), or any (Broken). */
export class DiskRingError extends Error {
  override readonly name = 'DiskRingError';
  constructor(readonly code: 'Busy' | 'Broken' | 'InvalidArgument') {
    super(`disk ring: ${code}`);
  }
}

/**
 * The VMM's end of a VM's disk ring. One thread uses it: the one that writes the request file. A request slot, its
 * tag and its arena bytes are storage's from `submit` until its completion is taken by `poll`; whatever finds no tag
 * or no arena waits here in order. A command on its way allocates nothing but the view of the data it returns.
 */
export class DiskRing {
  readonly #request: DiskRequestFileWriter;
  readonly #completion: DiskCompletionFile;
  readonly #requestBytes: Uint8Array;
  readonly #completionBytes: Uint8Array;
  readonly #outArena: DiskArena;
  readonly #inArena: DiskArena;
  readonly #doorbellFd: number;
  readonly #tags: DiskTags;
  readonly #waiting: Request[] = [];
  /** Aborted before they reached the ring, with the control request that did it. */
  readonly #cancelled: Request[] = [];
  readonly #sense = new Uint8Array(SENSE_BYTES);
  /** The request being submitted: copied only when it has to wait. */
  readonly #draft: Request;
  #nextHandle = 1;
  #head = 0;
  #tail = 0;

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
    this.#requestBytes = new Uint8Array(request);
    this.#completionBytes = new Uint8Array(completion);
    const control = this.#completion.diskCompletionControl;
    this.#outArena = new DiskArena(control.requestArenaBytes());
    this.#inArena = new DiskArena(control.completionArenaBytes());
    this.#tags = new DiskTags(Math.min(control.depth(), DISK_RING_ROWS - CONTROL_TAGS));
    this.#doorbellFd = options.doorbellFd;
    this.#draft = newRequest();
  }

  /** The disk with that number. */
  port(target: number): DiskPort {
    return {
      submit: (cdb, dataOut, dataInBytes, onDone) => this.#command(target, cdb, dataOut, dataInBytes, onDone),
      abort: (handle, onDone) => this.#abort(target, handle, onDone),
      reset: onDone => this.#reset(DiskOperation.resetTarget, target, onDone),
      poll: () => this.poll(),
    };
  }

  /** Bus reset: every command of every disk ends. */
  resetBus(onDone: ControlDone): void {
    this.#reset(DiskOperation.resetBus, 0, onDone);
  }

  /** Requests that have not ended, those that wait for room included. */
  pending(): number {
    return this.#tags.outstanding + this.#waiting.length + this.#cancelled.length;
  }

  /** @returns completions delivered */
  poll(): number {
    let delivered = this.#deliverCancelled();
    const { diskCompletionControl } = this.#completion;
    while (this.#tail !== diskCompletionControl.head()) {
      this.#take(this.#tail & ROW_MASK);
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
    const both = outBytes > 0 && dataInBytes > 0;
    if (both || cdb.length > CDB_BYTES || Math.max(outBytes, dataInBytes) > DISK_TRANSFER_BYTES)
      throw new DiskRingError('InvalidArgument');
    const draft = this.#draft;
    draft.operation = DiskOperation.command;
    draft.target = target;
    draft.cdb = cdb;
    draft.dataOut = dataOut;
    draft.dataInBytes = dataInBytes;
    draft.otherHandle = 0;
    draft.done = done;
    return this.#send();
  }

  #abort(target: number, handle: number, onDone: ControlDone): void {
    const at = this.#waiting.findIndex(request => request.handle === handle);
    const waiting = at < 0 ? undefined : this.#waiting.splice(at, 1)[0];
    if (waiting === undefined) {
      this.#control(DiskOperation.abort, target, handle, onDone);
      return;
    }
    this.#cancelled.push(waiting, { ...newRequest(), operation: DiskOperation.abort, done: endOf(onDone) });
  }

  #reset(operation: number, target: number, onDone: ControlDone): void {
    const all = operation === DiskOperation.resetBus;
    for (const request of this.#waiting.splice(0)) {
      const concerned = request.operation === DiskOperation.command && (all || request.target === target);
      (concerned ? this.#cancelled : this.#waiting).push(request);
    }
    this.#control(operation, target, 0, onDone);
  }

  #control(operation: number, target: number, otherHandle: number, onDone: ControlDone): void {
    Object.assign(this.#draft, { operation, target, otherHandle, done: endOf(onDone) });
    Object.assign(this.#draft, { cdb: NO_CDB, dataOut: undefined, dataInBytes: 0 });
    this.#send();
  }

  /** Starts the draft, or lets it wait. @returns its handle */
  #send(): number {
    if (this.#completion.diskCompletionControl.broken() !== 0) throw new DiskRingError('Broken');
    const draft = this.#draft;
    draft.handle = this.#nextHandle++;
    // Commands keep their order; an abort or a reset passes those that wait.
    const inTurn = this.#waiting.length === 0 || draft.operation !== DiskOperation.command;
    if (inTurn && this.#start(draft)) return draft.handle;
    if (this.#waiting.length >= MAX_WAITING) throw new DiskRingError('Busy');
    this.#waiting.push({ ...draft, cdb: draft.cdb.slice(), dataOut: draft.dataOut?.slice() });
    return draft.handle;
  }

  /** @returns false when there is no tag or no arena for it now */
  #start(request: Request): boolean {
    const { dataOut, dataInBytes } = request;
    const outBytes = dataOut?.length ?? 0;
    const control = request.operation !== DiskOperation.command;
    if (!this.#tags.available(control)) return false;
    const offset =
      outBytes > 0 ? this.#outArena.take(outBytes) : dataInBytes > 0 ? this.#inArena.take(dataInBytes) : 0;
    if (offset < 0) return false;
    if (dataOut !== undefined) this.#requestBytes.set(dataOut, DiskRequestFileWriter.SIZE_BYTES + offset);
    const tag = this.#tags.take(control, request.handle, request.done);
    this.#tags.outBytes[tag] = outBytes;
    this.#tags.inBytes[tag] = dataInBytes;
    this.#tags.offsets[tag] = offset;
    this.#fillSlot(tag, request);
    this.#publish();
    return true;
  }

  #fillSlot(tag: number, { operation, target, cdb, otherHandle }: Request): void {
    const slots = this.#request.diskRequestSlot;
    const row = this.#head & ROW_MASK;
    slots.setTag(row, tag);
    slots.setOperation(row, operation);
    slots.setTarget(row, target);
    slots.setLun(row, 0);
    slots.setOtherTag(row, otherHandle === 0 ? NO_TAG : this.#tags.find(otherHandle));
    slots.setDataOutBytes(row, this.#tags.outBytes[tag] ?? 0);
    slots.setDataInBytes(row, this.#tags.inBytes[tag] ?? 0);
    slots.setArenaOffset(row, this.#tags.offsets[tag] ?? 0);
    slots.setSubmittedUs(row, nowUs());
    const at = slots.cdbOffset(row);
    for (let i = 0; i < CDB_BYTES; i++) this.#requestBytes[at + i] = cdb[i] ?? 0;
  }

  #publish(): void {
    this.#head = (this.#head + 1) | 0;
    this.#request.diskRequestControl.setHead(this.#head);
    if (this.#completion.diskCompletionControl.asleep() !== 0) eventfdSignal(this.#doorbellFd);
  }

  #take(row: number): void {
    const slots = this.#completion.diskCompletionSlot;
    const tag = slots.tag(row);
    const hostStatus = slots.hostStatus(row);
    const status = slots.status(row);
    const hasSense = slots.senseBytes(row) > 0;
    const transferred = slots.transferredBytes(row);
    const at = slots.senseOffset(row);
    if (hasSense) for (let i = 0; i < SENSE_BYTES; i++) this.#sense[i] = this.#completionBytes[at + i] ?? 0;
    this.#tail = (this.#tail + 1) | 0;
    this.#request.diskRequestControl.setCompletionTail(this.#tail);
    this.#finish(tag, status, hasSense ? this.#sense : undefined, transferred, hostStatus);
  }

  #finish(
    tag: number,
    status: number,
    sense: Uint8Array | undefined,
    transferred: number,
    host: number,
  ): void {
    const done = this.#tags.give(tag);
    if (done === undefined) return;
    const inBytes = this.#tags.inBytes[tag] ?? 0;
    const outBytes = this.#tags.outBytes[tag] ?? 0;
    const offset = this.#tags.offsets[tag] ?? 0;
    if (outBytes > 0) this.#outArena.give(offset, outBytes);
    const at = DiskCompletionFile.SIZE_BYTES + offset;
    const data =
      inBytes > 0 ? this.#completionBytes.subarray(at, at + Math.min(transferred, inBytes)) : undefined;
    try {
      done(status, sense, data, host);
    } finally {
      // The callback has read its data: only now may another command have these bytes.
      if (inBytes > 0) this.#inArena.give(offset, inBytes);
      this.#startWaiting();
    }
  }

  #startWaiting(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#start(next)) return;
      this.#waiting.shift();
    }
  }

  #deliverCancelled(): number {
    const cancelled = this.#cancelled.splice(0);
    for (const { operation, done } of cancelled)
      if (operation === DiskOperation.command)
        done(TASK_ABORTED, undefined, undefined, DiskHostStatus.aborted);
      else done(GOOD, undefined, undefined, DiskHostStatus.done);
    return cancelled.length;
  }
}

function newRequest(): Request {
  const done: DiskDone = () => undefined;
  const operation = DiskOperation.command;
  return {
    handle: 0,
    operation,
    target: 0,
    cdb: NO_CDB,
    dataOut: undefined,
    dataInBytes: 0,
    otherHandle: 0,
    done,
  };
}

function endOf(onDone: ControlDone): DiskDone {
  return (_status, _sense, _data, hostStatus) => onDone(hostStatus);
}
