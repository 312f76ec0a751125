import { readSync } from 'node:fs';
import { allocate, nextData } from '../../../lib/linux/index.js';
import { writeAll } from '../files/contents.js';

/** What one step of a job reads or writes: jobs of a datastore take turns, and may be cancelled, between steps. */
export const STEP_BYTES = 1 << 20;
const ALLOCATE_BYTES = 256 << 20;
/** Zeros in a copy are looked for, and left out, in pieces of this size. */
const GRAIN_BYTES = 64 << 10;

/** Steps of a job: each yields the bytes that it is further. */
export type Steps<T = void> = Generator<number, T>;

export interface Stretch {
  readonly fd: number;
  readonly offsetBytes: number;
}

/** Copies the data of a stretch of a file into one that reads as zeros. Holes, and pieces of zeros, are left out. */
export function* copyData(source: Stretch, target: Stretch, lengthBytes: number): Steps {
  const buffer = Buffer.allocUnsafe(STEP_BYTES);
  for (let at = 0; at < lengthBytes; ) {
    const data = nextData(source.fd, source.offsetBytes + at);
    const start =
      data === undefined ? lengthBytes : Math.min(lengthBytes, data.startBytes - source.offsetBytes);
    if (start > at) yield start - at;
    at = Math.max(at, start);
    const end = Math.min(lengthBytes, (data?.endBytes ?? 0) - source.offsetBytes);
    while (at < end) {
      const wanted = Math.min(STEP_BYTES, end - at);
      const n = readSync(source.fd, buffer, 0, wanted, source.offsetBytes + at);
      if (n === 0) return; // it became shorter: the rest are zeros
      writeData(target.fd, buffer.subarray(0, n), target.offsetBytes + at);
      at += n;
      yield n;
    }
  }
}

function writeData(fd: number, bytes: Buffer, offsetBytes: number): void {
  for (let at = 0; at < bytes.length; at += GRAIN_BYTES) {
    const grain = bytes.subarray(at, at + GRAIN_BYTES);
    if (!isZero(grain)) writeAll(fd, grain, offsetBytes + at);
  }
}

const ZEROS = Buffer.alloc(STEP_BYTES);

function isZero(bytes: Buffer): boolean {
  return ZEROS.compare(bytes, 0, bytes.length, 0, bytes.length) === 0;
}

/** Reserves the space of a stretch; it reads as zeros where nothing was written. @throws ENOSPC */
export function* reserve({ fd, offsetBytes }: Stretch, lengthBytes: number): Steps {
  for (let at = 0; at < lengthBytes; at += ALLOCATE_BYTES) {
    const piece = Math.min(ALLOCATE_BYTES, lengthBytes - at);
    allocate(fd, offsetBytes + at, piece);
    yield piece;
  }
}

/** Writes zeros over a stretch. */
export function* writeZeros({ fd, offsetBytes }: Stretch, lengthBytes: number): Steps {
  for (let at = 0; at < lengthBytes; at += STEP_BYTES) {
    const piece = Math.min(STEP_BYTES, lengthBytes - at);
    writeAll(fd, ZEROS.subarray(0, piece), offsetBytes + at);
    yield piece;
  }
}

/** Writes zeros where nothing was written yet. */
export function* writeHoles({ fd, offsetBytes }: Stretch, lengthBytes: number): Steps {
  const endBytes = offsetBytes + lengthBytes;
  for (let at = offsetBytes; at < endBytes; ) {
    const data = nextData(fd, at);
    const hole = Math.min(endBytes, data?.startBytes ?? endBytes);
    yield* writeZeros({ fd, offsetBytes: at }, hole - at);
    at = Math.min(endBytes, Math.max(hole, data?.endBytes ?? endBytes));
    yield at - hole;
  }
}

/** The steps as parts of a whole, 0 to 1. */
export function* share(steps: Steps, totalBytes: number): Steps {
  let done = 0;
  for (const bytes of steps) {
    done += bytes;
    yield Math.min(1, done / totalBytes);
  }
}
