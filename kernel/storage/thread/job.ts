import { type Address, fdatasync, preadAt, pwriteAt, pwriteDurable } from '../../../lib/linux/index.js';
import { type Job, JobKind } from './mailbox.js';

const EINTR = 4;
const EIO = 5;

/** Memory that verified data passes through. */
export interface Scratch {
  readonly address: Address;
  readonly sizeBytes: number;
}

/**
 * Does a job to its end or its first error, short transfers and interruptions included.
 * @param onProgress told the bytes done at the end
 * @returns 0 or -errno; a file that ends before the job does is EIO
 */
export function runJob(job: Job, scratch: Scratch, onProgress: (doneBytes: number) => void): number {
  if (job.kind === JobKind.flush) return fdatasync(job.fd);
  let done = 0;
  let result = 0;
  while (done < job.lengthBytes) {
    const moved = step(job, done, scratch);
    if (moved === -EINTR) continue;
    if (moved <= 0) {
      result = moved === 0 ? -EIO : moved;
      break;
    }
    done += moved;
  }
  onProgress(done);
  return result;
}

function step(job: Job, done: number, scratch: Scratch): number {
  const { kind, fd } = job;
  const length = job.lengthBytes - done;
  const offset = job.offsetBytes + done;
  if (kind === JobKind.read) return preadAt(fd, job.address + done, length, offset);
  if (kind === JobKind.write) return pwriteAt(fd, job.address + done, length, offset);
  if (kind === JobKind.writeDurable) return pwriteDurable(fd, job.address + done, length, offset);
  return preadAt(fd, scratch.address, Math.min(length, scratch.sizeBytes), offset);
}
