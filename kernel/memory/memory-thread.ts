import { Worker } from 'node:worker_threads';
import { closeFd, eventfdCreate, eventfdSignal } from '../../lib/linux/index.js';

export interface MemoryThreadData {
  readonly shmDir: string;
  readonly machinePages: number;
  /** Frames for VMs: the machine's without VMkernel and console. */
  readonly vmPages: number;
  readonly doorbell: number;
}

export interface AttachMemory {
  readonly vmRow: number;
  readonly generation: number;
  /** A userfaultfd in this process; the thread closes it when the VM goes. */
  readonly userfaultfd: number;
  readonly address: number;
  readonly sizePages: number;
  readonly overheadPages: number;
}

export type ToMemory =
  | ({ readonly type: 'attach' } & AttachMemory)
  | { readonly type: 'detach'; readonly vmRow: number }
  | { readonly type: 'stop' };

type FromMemory =
  | { readonly type: 'up'; readonly tid: number }
  | { readonly type: 'attached' | 'detached'; readonly vmRow: number }
  | { readonly type: 'refused'; readonly vmRow: number; readonly reason: string };

export interface MemoryThreadEvents {
  /** The thread ended without being told to: a broken invariant of the VMkernel. */
  onDeath(error: Error): void;
  /** A fault could not be resolved: that VM cannot go on. */
  onRefused(vmRow: number, reason: string): void;
}

/** The main thread's handle on the memory thread. */
export class MemoryThread {
  readonly #waiting = new Map<string, () => void>();
  #stopped: (() => void) | null = null;
  #tid = 0;

  private constructor(
    private readonly worker: Worker,
    private readonly doorbell: number,
    private readonly events: MemoryThreadEvents,
  ) {}

  get tid(): number {
    return this.#tid;
  }

  static start(
    options: Omit<MemoryThreadData, 'doorbell'>,
    events: MemoryThreadEvents,
  ): Promise<MemoryThread> {
    const doorbell = eventfdCreate(false);
    const workerData: MemoryThreadData = { ...options, doorbell };
    const worker = new Worker(new URL('./thread.js', import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: 1 },
    });
    const thread = new MemoryThread(worker, doorbell, events);
    return new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.on('message', (message: FromMemory) => {
        if (message.type === 'up') {
          worker.removeListener('error', reject);
          worker.once('error', error =>
            events.onDeath(error instanceof Error ? error : new Error(String(error))),
          );
          worker.once('exit', () => thread.#ended());
          thread.#tid = message.tid;
          resolve(thread);
        } else thread.#receive(message);
      });
    });
  }

  attach(vm: AttachMemory): Promise<void> {
    return this.#ask({ type: 'attach', ...vm }, `attached ${vm.vmRow}`);
  }

  /** Gives the VM's frames back. Call it when its process has ended. */
  detach(vmRow: number): Promise<void> {
    return this.#ask({ type: 'detach', vmRow }, `detached ${vmRow}`);
  }

  async stop(): Promise<void> {
    const ended = new Promise<void>(resolve => {
      this.#stopped = resolve;
    });
    this.#send({ type: 'stop' });
    await ended;
    closeFd(this.doorbell);
  }

  #ask(message: ToMemory, answer: string): Promise<void> {
    return new Promise(resolve => {
      this.#waiting.set(answer, resolve);
      this.#send(message);
    });
  }

  #send(message: ToMemory): void {
    this.worker.postMessage(message);
    eventfdSignal(this.doorbell);
  }

  #receive(message: FromMemory): void {
    if (message.type === 'refused') this.events.onRefused(message.vmRow, message.reason);
    else if (message.type !== 'up') {
      const key = `${message.type} ${message.vmRow}`;
      this.#waiting.get(key)?.();
      this.#waiting.delete(key);
    }
  }

  #ended(): void {
    if (this.#stopped === null) this.events.onDeath(new Error('the memory thread ended'));
    else this.#stopped();
  }
}
