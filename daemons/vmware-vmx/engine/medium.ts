import type { DiskPort } from '../../../kernel/vmm/disk-port.js';
import type { EngineMedium } from './private-api.js';

const SECTOR_BYTES = 512;
const READ_10 = 0x28;
const WRITE_10 = 0x2a;
const SYNCHRONIZE_CACHE_10 = 0x35;
/** Largest transfer of one CDB on the disk ring. */
export const MAX_TRANSFER_BYTES = 1 << 20;
const STATUS_GOOD = 0;
const SENSE_UNIT_ATTENTION = 6;
const UNIT_ATTENTION_TRIES = 4;

/** A command that storage refused: SCSI status and sense key. */
export interface MediumFailure {
  readonly status: number;
  readonly senseKey: number;
}

type ReadDone = (failure: MediumFailure | undefined, data: Uint8Array) => void;
type WriteDone = (failure: MediumFailure | undefined) => void;

/**
 * A virtual disk of whole sectors behind a disk port: byte ranges become READ(10) and WRITE(10) of at most 1 MiB each.
 * One request is at the port at a time, so a write that the guest has given up on (by a device reset) is over before
 * the next request starts. Requests come one at a time from an IDE interface: the queue is as short as that.
 */
export class DiskMedium {
  readonly byteLength: number;
  readonly #port: DiskPort;
  readonly #onNoSpace: ((retry: () => void) => void) | undefined;
  readonly #waiting: (() => void)[] = [];
  #busy = false;

  /** @param onNoSpace takes over a command that found no space: the guest waits until it is tried again */
  constructor(port: DiskPort, sizeBytes: number, onNoSpace?: (retry: () => void) => void) {
    this.#port = port;
    this.#onNoSpace = onNoSpace;
    this.byteLength = sizeBytes;
  }

  poll(): void {
    this.#port.poll();
  }

  read(offsetBytes: number, lengthBytes: number, done: ReadDone): void {
    this.#enqueue(end => {
      const data = new Uint8Array(lengthBytes);
      const next = (at: number): void => {
        const part = Math.min(MAX_TRANSFER_BYTES, lengthBytes - at);
        const cdb = transferCdb(READ_10, offsetBytes + at, part);
        this.#command(cdb, undefined, part, (failure, dataIn) => {
          if (dataIn !== undefined) data.set(dataIn.subarray(0, part), at);
          if (failure === undefined && at + part < lengthBytes) {
            next(at + part);
            return;
          }
          end();
          done(failure, data);
        });
      };
      next(0);
    });
  }

  /** `data` is taken by value before this returns. */
  write(offsetBytes: number, data: Uint8Array, done: WriteDone): void {
    const copy = data.slice();
    this.#enqueue(end => {
      const next = (at: number): void => {
        const part = copy.subarray(at, at + MAX_TRANSFER_BYTES);
        this.#command(transferCdb(WRITE_10, offsetBytes + at, part.length), part, 0, failure => {
          if (failure === undefined && at + part.length < copy.length) {
            next(at + part.length);
            return;
          }
          end();
          done(failure);
        });
      };
      next(0);
    });
  }

  flush(done: WriteDone): void {
    this.#enqueue(end => {
      const cdb = new Uint8Array(10);
      cdb[0] = SYNCHRONIZE_CACHE_10;
      this.#command(cdb, undefined, 0, failure => {
        end();
        done(failure);
      });
    });
  }

  /** Storage reports a change of its state once by a unit attention, which an IDE disk cannot say: ask again. */
  #command(
    cdb: Uint8Array,
    dataOut: Uint8Array | undefined,
    dataInBytes: number,
    done: (failure: MediumFailure | undefined, dataIn: Uint8Array | undefined) => void,
    triesLeft = UNIT_ATTENTION_TRIES,
  ): void {
    this.#port.submit(cdb, dataOut, dataInBytes, (status, sense, dataIn) => {
      const failure = failureOf(status, sense);
      if (failure?.senseKey === SENSE_UNIT_ATTENTION && triesLeft > 0)
        this.#command(cdb, dataOut, dataInBytes, done, triesLeft - 1);
      else if (foundNoSpace(sense) && this.#onNoSpace !== undefined)
        this.#onNoSpace(() => this.#command(cdb, dataOut, dataInBytes, done));
      else done(failure, dataIn);
    });
  }

  #enqueue(start: (end: () => void) => void): void {
    const run = () =>
      start(() => {
        this.#busy = false;
        const next = this.#waiting.shift();
        if (next === undefined) return;
        this.#busy = true;
        next();
      });
    if (this.#busy) {
      this.#waiting.push(run);
      return;
    }
    this.#busy = true;
    run();
  }
}

/** READ(10) or WRITE(10): SBC-2 5.6 and 5.25; LBA in bytes 2-5, blocks in bytes 7-8. */
function transferCdb(operation: number, offsetBytes: number, lengthBytes: number): Uint8Array {
  const cdb = new Uint8Array(10);
  const view = new DataView(cdb.buffer);
  cdb[0] = operation;
  view.setUint32(2, offsetBytes / SECTOR_BYTES);
  view.setUint16(7, lengthBytes / SECTOR_BYTES);
  return cdb;
}

function failureOf(status: number, sense: Uint8Array | undefined): MediumFailure | undefined {
  if (status === STATUS_GOOD) return undefined;
  return { status, senseKey: (sense?.[2] ?? 0) & 0x0f };
}

/** DATA PROTECT, SPACE ALLOCATION FAILED WRITE PROTECT (SPC-3 table 28). */
function foundNoSpace(sense: Uint8Array | undefined): boolean {
  const [key, asc, ascq] = [(sense?.[2] ?? 0) & 0x0f, sense?.[12], sense?.[13]];
  return key === 7 && asc === 0x27 && ascq === 7;
}

/** The object that v86's loader wants for `hda`: the IDE patch sends all transfers to `medium` instead. */
export function engineMedium(medium: DiskMedium): EngineMedium {
  let firstSector: Uint8Array | undefined;
  const refuse = () => {
    throw new Error('IDE transfers go to DiskMedium');
  };
  return {
    byteLength: medium.byteLength,
    load() {
      this.onload?.({});
    },
    get: refuse,
    set: refuse,
    get_and_cache: (offset, length, done) =>
      medium.read(offset, length, (_failure, data) => {
        // A first sector that cannot be read means: no partition table to take a geometry from.
        firstSector = data;
        done(data);
      }),
    get_from_cache: () => firstSector,
    get_buffer: done => done(undefined),
    get_state: () => [],
    set_state: () => undefined,
  };
}
