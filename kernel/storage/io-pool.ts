import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { IoWorkerData } from './thread/io-worker.js';
import { Mailbox } from './thread/mailbox.js';
import { within } from './within.js';

export interface IoPoolOptions {
  readonly script: URL;
  readonly label: string;
  readonly workers: number;
  readonly asleep: SharedArrayBuffer;
  readonly doorbellFd: number;
  readonly onFatal: (error: Error) => void;
}

const STOP_MS = 1000;

/** The I/O workers of one LUN. */
export class IoPool {
  readonly mailboxes: readonly SharedArrayBuffer[];
  readonly #workers: readonly Worker[];
  readonly #boxes: readonly Mailbox[];

  private constructor(boxes: readonly Mailbox[], workers: readonly Worker[]) {
    this.#boxes = boxes;
    this.#workers = workers;
    this.mailboxes = boxes.map(box => box.memory);
  }

  static async start(options: IoPoolOptions): Promise<IoPool> {
    const boxes = Array.from({ length: options.workers }, () => new Mailbox());
    const workers = boxes.map(({ memory }, index) => {
      const { asleep, doorbellFd, label } = options;
      const workerData: IoWorkerData = { mailbox: memory, asleep, doorbellFd, name: `io${index}-${label}` };
      const worker = new Worker(options.script, { workerData, trackUnmanagedFds: false });
      worker.on('error', options.onFatal);
      worker.unref();
      return worker;
    });
    await Promise.all(workers.map(worker => once(worker, 'message')));
    return new IoPool(boxes, workers);
  }

  /** @returns false when a worker hangs in a file: it ends with the process, by SIGKILL */
  async stop(): Promise<boolean> {
    for (const box of this.#boxes) box.stop();
    const ends = this.#workers.map(worker => (worker.threadId === -1 ? undefined : once(worker, 'exit')));
    return (
      (await within(
        STOP_MS,
        Promise.all(ends).then(() => true),
      )) ?? false
    );
  }
}
