/** What an I/O worker does with one stretch of one file. */
export const JobKind = { read: 0, write: 1, writeDurable: 2, verify: 3, flush: 4 } as const;
export type JobKind = (typeof JobKind)[keyof typeof JobKind];

export interface Job {
  kind: JobKind;
  fd: number;
  offsetBytes: number;
  lengthBytes: number;
  /** Where the data is or goes, in this process. */
  address: number;
}

const STATE = 0;
const STOP = 1;
const EMPTY = 0;
const ASSIGNED = 1;
const DONE = 2;
const JOB_OFFSET_BYTES = 64;
const MAILBOX_BYTES = 128;

/**
 * Where the storage thread leaves one job for one I/O worker and finds its result. The state word passes ownership of
 * the rest: empty (the storage thread's), assigned (the worker's), done (the storage thread's again).
 */
export class Mailbox {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #figures: Float64Array;

  constructor(memory = new SharedArrayBuffer(MAILBOX_BYTES)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    this.#figures = new Float64Array(memory, JOB_OFFSET_BYTES);
  }

  /** Storage thread: hands a job over. */
  assign(job: Job): void {
    const figures = this.#figures;
    figures[0] = job.kind;
    figures[1] = job.fd;
    figures[2] = job.offsetBytes;
    figures[3] = job.lengthBytes;
    figures[4] = job.address;
    Atomics.store(this.#words, STATE, ASSIGNED);
    Atomics.notify(this.#words, STATE);
  }

  get done(): boolean {
    return Atomics.load(this.#words, STATE) === DONE;
  }

  /** Storage thread: whether the result is there; taking it empties the mailbox. */
  take(): boolean {
    if (Atomics.load(this.#words, STATE) !== DONE) return false;
    Atomics.store(this.#words, STATE, EMPTY);
    return true;
  }

  /** 0 or -errno, of the job last taken. */
  get result(): number {
    return this.#figures[5] ?? 0;
  }

  /** Bytes done before it ended. */
  get doneBytes(): number {
    return this.#figures[6] ?? 0;
  }

  get cpuUs(): number {
    return this.#figures[7] ?? 0;
  }

  /** Worker: sleeps until there is a job. @returns false when the worker should end */
  waitForJob(job: Job): boolean {
    while (Atomics.load(this.#words, STATE) !== ASSIGNED) {
      if (Atomics.load(this.#words, STOP) !== 0) return false;
      Atomics.wait(this.#words, STATE, Atomics.load(this.#words, STATE) === DONE ? DONE : EMPTY);
    }
    const figures = this.#figures;
    job.kind = figures[0] as JobKind;
    job.fd = figures[1] ?? -1;
    job.offsetBytes = figures[2] ?? 0;
    job.lengthBytes = figures[3] ?? 0;
    job.address = figures[4] ?? 0;
    return true;
  }

  /** Worker: leaves the result. */
  finish(result: number, doneBytes: number, cpuUs: number): void {
    const figures = this.#figures;
    figures[5] = result;
    figures[6] = doneBytes;
    figures[7] = cpuUs;
    Atomics.store(this.#words, STATE, DONE);
  }

  /** Main thread: the worker ends when it has no job. */
  stop(): void {
    Atomics.store(this.#words, STOP, 1);
    Atomics.notify(this.#words, STATE);
  }
}
