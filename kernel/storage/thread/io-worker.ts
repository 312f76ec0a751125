import { parentPort, workerData } from 'node:worker_threads';
import {
  addressOf,
  CLOCK_THREAD_CPUTIME_ID,
  clockUs,
  eventfdSignal,
  setThreadName,
} from '../../../lib/linux/index.js';
import { runJob } from './job.js';
import { type Job, JobKind, Mailbox } from './mailbox.js';
import { raisePriority } from './priority.js';

/** An I/O worker: one of the few threads that may block in a datastore's files. It sleeps on its mailbox. */
export interface IoWorkerData {
  readonly mailbox: SharedArrayBuffer;
  /** One word: 1 while the storage thread waits for its doorbell. */
  readonly asleep: SharedArrayBuffer;
  readonly doorbellFd: number;
  readonly name: string;
}

const SCRATCH_BYTES = 256 * 1024;

function main(data: IoWorkerData): void {
  setThreadName(data.name);
  raisePriority();
  const mailbox = new Mailbox(data.mailbox);
  const asleep = new Int32Array(data.asleep);
  const buffer = new Uint8Array(SCRATCH_BYTES);
  const scratch = { address: addressOf(buffer), sizeBytes: buffer.length };
  const job: Job = { kind: JobKind.flush, fd: -1, offsetBytes: 0, lengthBytes: 0, address: 0 };
  let done = 0;
  const onProgress = (doneBytes: number): void => {
    done = doneBytes;
  };
  parentPort?.postMessage('ready');
  while (mailbox.waitForJob(job)) {
    const startUs = clockUs(CLOCK_THREAD_CPUTIME_ID);
    done = 0;
    const result = runJob(job, scratch, onProgress);
    mailbox.finish(result, done, clockUs(CLOCK_THREAD_CPUTIME_ID) - startUs);
    if (Atomics.load(asleep, 0) !== 0) eventfdSignal(data.doorbellFd);
  }
  buffer.fill(0); // keeps the scratch memory alive while its address is in use
}

main(workerData as IoWorkerData);
