import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import type { ControlDone, DiskDone, DiskPort } from '../../kernel/vmm/disk-port.js';

const READ_10 = 0x28;
const WRITE_10 = 0x2a;
const SYNCHRONIZE_CACHE_10 = 0x35;
const SECTOR_BYTES = 512;
const GOOD = 0;
const HOST_OK = 0;
const CHECK_CONDITION = 2;
const ILLEGAL_REQUEST = 5;

/**
 * A disk port straight onto a flat file, for `bare`: what the engine costs without the VMkernel. Commands run when
 * polled; nothing is made durable.
 */
export class FileDiskPort implements DiskPort {
  readonly sizeBytes: number;
  readonly #fd: number;
  readonly #queue: (() => void)[] = [];
  #handle = 0;

  constructor(path: string) {
    this.#fd = openSync(path, 'r+');
    this.sizeBytes = fstatSync(this.#fd).size;
  }

  submit(cdb: Uint8Array, dataOut: Uint8Array | undefined, _dataInBytes: number, onDone: DiskDone): number {
    const view = new DataView(cdb.buffer, cdb.byteOffset, cdb.byteLength);
    const position = view.getUint32(2) * SECTOR_BYTES;
    const length = view.getUint16(7) * SECTOR_BYTES;
    const data = dataOut?.slice();
    this.#queue.push(() => {
      if (cdb[0] === READ_10) {
        const bytes = new Uint8Array(length);
        readSync(this.#fd, bytes, 0, length, position);
        onDone(GOOD, undefined, bytes, HOST_OK);
      } else if (cdb[0] === WRITE_10 && data !== undefined) {
        writeSync(this.#fd, data, 0, data.length, position);
        onDone(GOOD, undefined, undefined, HOST_OK);
      } else if (cdb[0] === SYNCHRONIZE_CACHE_10) onDone(GOOD, undefined, undefined, HOST_OK);
      else onDone(CHECK_CONDITION, Uint8Array.of(0x70, 0, ILLEGAL_REQUEST), undefined, HOST_OK);
    });
    return ++this.#handle;
  }

  /** Commands run whole when polled: those that wait run first, then the acknowledgement. */
  abort(_handle: number, onDone: ControlDone): void {
    this.#queue.push(() => onDone(HOST_OK));
  }

  reset(onDone: ControlDone): void {
    this.#queue.push(() => onDone(HOST_OK));
  }

  poll(): number {
    const due = this.#queue.splice(0);
    for (const run of due) run();
    return due.length;
  }

  close(): void {
    closeSync(this.#fd);
  }
}
