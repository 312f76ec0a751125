import { closeSync, fsyncSync, ftruncateSync } from 'node:fs';
import { allocate } from '../../../lib/linux/index.js';
import { VmkernelError } from '../../abi/index.js';
import { writeAll } from '../files/contents.js';
import { commitFiles } from './commit.js';
import type { JobParts } from './disk-jobs.js';
import type { Operation, Place } from './journal.js';
import { createFile, requireWritable, temporaryBeside } from './temporary.js';

interface Upload {
  readonly to: Place;
  readonly temporary: Place;
  readonly fd: number;
  readonly operation: Operation;
  writtenBytes: number;
}

/** Files that arrive piece by piece: they appear when they are whole, and leave nothing when they are not. */
export class Uploads {
  readonly #parts: JobParts;
  readonly #open = new Map<number, Upload>();

  constructor(parts: JobParts) {
    this.#parts = parts;
  }

  /** @param sizeBytes its length where it is known: the space is reserved @throws NoSpace, AlreadyExists, FileLocked */
  begin(upload: number, to: Place, sizeBytes: number | undefined): void {
    const { trees, journal } = this.#parts;
    requireWritable(trees, to, true);
    const temporary = temporaryBeside(to);
    const operation = journal.begin([{ do: 'remove', at: temporary }]);
    let fd: number | undefined;
    try {
      fd = createFile(trees, temporary);
      if (sizeBytes !== undefined && sizeBytes > 0) allocate(fd, 0, sizeBytes);
      this.#open.set(upload, { to, temporary, fd, operation, writtenBytes: 0 });
    } catch (error) {
      if (fd !== undefined) closeSync(fd);
      operation.end();
      throw error;
    }
  }

  write(upload: number, data: Uint8Array): void {
    const one = this.#find(upload);
    writeAll(one.fd, data, one.writtenBytes);
    one.writtenBytes += data.length;
  }

  /** Whatever was there before is replaced as one step. */
  commit(upload: number): void {
    const { to, temporary, fd, operation, writtenBytes } = this.#find(upload);
    this.#open.delete(upload);
    try {
      ftruncateSync(fd, writtenBytes);
      fsyncSync(fd);
      requireWritable(this.#parts.trees, to, true);
      commitFiles(this.#parts, operation, [{ do: 'rename', from: temporary, to }]);
    } finally {
      closeSync(fd);
      operation.end();
    }
  }

  /** May be called again. */
  abort(upload: number): void {
    const one = this.#open.get(upload);
    if (one === undefined) return;
    this.#open.delete(upload);
    closeSync(one.fd);
    one.operation.end();
  }

  #find(upload: number): Upload {
    const one = this.#open.get(upload);
    if (one === undefined) throw new VmkernelError('NotFound', `no upload ${upload}`, { upload });
    return one;
  }
}
