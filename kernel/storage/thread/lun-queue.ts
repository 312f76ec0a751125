import type { Job, Mailbox } from './mailbox.js';

/** A job on its way: whose it is, and what to do with its end. */
export interface QueuedJob extends Job {
  /** World id of the VM: VMs take turns. */
  readonly owner: number;
  finish(result: number, doneBytes: number, cpuUs: number): void;
}

/**
 * The work of one LUN: its few I/O workers and what waits for them. A LUN that hangs holds its own workers and queue,
 * nobody else's. The queue is bounded by the depths of the rings that feed it.
 */
export class LunQueue {
  readonly #free: Mailbox[];
  readonly #busy = new Map<Mailbox, QueuedJob>();
  /** Waiting jobs by owner, in the order of turns. */
  readonly #waiting = new Map<number, QueuedJob[]>();

  constructor(mailboxes: readonly Mailbox[]) {
    this.#free = [...mailboxes];
  }

  /** Whether a worker has left a result that was not collected. */
  get hasResult(): boolean {
    for (const mailbox of this.#busy.keys()) if (mailbox.done) return true;
    return false;
  }

  submit(job: QueuedJob): void {
    const mailbox = this.#free.pop();
    if (mailbox !== undefined) {
      this.#start(mailbox, job);
      return;
    }
    const queue = this.#waiting.get(job.owner);
    if (queue === undefined) this.#waiting.set(job.owner, [job]);
    else queue.push(job);
  }

  /** Takes a job back that no worker has begun. @returns false when it was too late */
  withdraw(job: QueuedJob): boolean {
    const queue = this.#waiting.get(job.owner);
    const at = queue?.indexOf(job) ?? -1;
    if (queue === undefined || at < 0) return false;
    queue.splice(at, 1);
    if (queue.length === 0) this.#waiting.delete(job.owner);
    return true;
  }

  /** Ends what the workers have done and gives them what waits. */
  collect(): void {
    for (const [mailbox, job] of this.#busy) {
      if (!mailbox.take()) continue;
      this.#busy.delete(mailbox);
      const { result, doneBytes, cpuUs } = mailbox;
      const next = this.#next();
      if (next === undefined) this.#free.push(mailbox);
      else this.#start(mailbox, next);
      job.finish(result, doneBytes, cpuUs);
    }
  }

  #start(mailbox: Mailbox, job: QueuedJob): void {
    this.#busy.set(mailbox, job);
    mailbox.assign(job);
  }

  #next(): QueuedJob | undefined {
    for (const [owner, queue] of this.#waiting) {
      const job = queue.shift();
      // The owner goes to the end of the turns.
      this.#waiting.delete(owner);
      if (queue.length > 0) this.#waiting.set(owner, queue);
      return job;
    }
    return undefined;
  }
}
