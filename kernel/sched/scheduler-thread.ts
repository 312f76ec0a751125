import { Worker } from 'node:worker_threads';

export interface SchedulerThreadData {
  readonly shmDir: string;
  /** Linux's number of each PCPU. */
  readonly cpus: readonly number[];
  readonly quantumUs: number;
  readonly boundLagQuanta: number;
  readonly stop: SharedArrayBuffer;
}

/** Longest time one world keeps a PCPU while another waits. */
export const QUANTUM_US = 20_000;
/** Quanta of credit that a world keeps while it sleeps. */
export const BOUND_LAG_QUANTA = 2;
const STOP_MS = 2000;

/** The main thread's handle on the scheduler. */
export class SchedulerThread {
  readonly #worker: Worker;
  readonly #stop: Int32Array;

  private constructor(
    worker: Worker,
    stop: SharedArrayBuffer,
    readonly tid: number,
    /** Linux lets it use real-time classes: preemption is exact. */
    readonly realTime: boolean,
  ) {
    this.#worker = worker;
    this.#stop = new Int32Array(stop);
  }

  /**
   * @param onDeath the thread ended without being told to: a broken invariant of the VMkernel
   * @param onStuck a virtual CPU's monitor ran on for long after it lost its PCPU; told once of each
   */
  static start(
    shmDir: string,
    cpus: readonly number[],
    onDeath: (error: Error) => void,
    onStuck: (worldId: number) => void,
  ): Promise<SchedulerThread> {
    const stop = new SharedArrayBuffer(4);
    const workerData: SchedulerThreadData = {
      shmDir,
      cpus,
      quantumUs: QUANTUM_US,
      boundLagQuanta: BOUND_LAG_QUANTA,
      stop,
    };
    const worker = new Worker(new URL('./thread.js', import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: 1 },
    });
    return new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', (up: { tid: number; realTime: boolean }) => {
        worker.removeAllListeners('error');
        worker.on('message', ({ stuck }: { stuck: number }) => onStuck(stuck));
        worker.once('error', onDeath);
        worker.once('exit', () => {
          if (Atomics.load(new Int32Array(stop), 0) === 0) onDeath(new Error('the scheduler ended'));
        });
        resolve(new SchedulerThread(worker, stop, up.tid, up.realTime));
      });
    });
  }

  /** The caller rings the doorbell afterwards, or waits one sleep longer. */
  async stop(): Promise<void> {
    const ended = new Promise<void>(resolve => this.#worker.once('exit', () => resolve()));
    Atomics.store(this.#stop, 0, 1);
    const late = setTimeout(() => void this.#worker.terminate(), STOP_MS);
    await ended;
    clearTimeout(late);
  }
}
