import { Worker } from 'node:worker_threads';
import { eventfdSignal } from '../../lib/linux/index.js';
import { VmkernelError } from '../abi/index.js';
import type { FromStorage, StorageThreadData, ThreadVm, ToStorage } from './thread/messages.js';

export interface ThreadClientEvents {
  onFatal(error: Error): void;
  onRingBroken(worldId: number): void;
}

interface Pending {
  resolve(): void;
  reject(error: Error): void;
}

/** The main thread's end of the storage thread. */
export class StorageThreadClient {
  readonly #worker: Worker;
  readonly #controlFd: number;
  readonly #pending = new Map<number, Pending>();
  readonly #ready: Promise<void>;
  readonly #ended: Promise<void>;
  #nextId = 1;

  constructor(script: URL, data: StorageThreadData, events: ThreadClientEvents) {
    this.#controlFd = data.controlFd;
    const worker = new Worker(script, { workerData: data, trackUnmanagedFds: false });
    this.#worker = worker;
    worker.on('error', error => events.onFatal(error instanceof Error ? error : new Error(String(error))));
    this.#ended = new Promise(resolve => worker.once('exit', () => resolve()));
    this.#ready = new Promise(resolve => {
      worker.on('message', (message: FromStorage) => {
        if (message.type === 'ready') resolve();
        else if (message.type === 'ringBroken') events.onRingBroken(message.worldId);
        else this.#settle(message);
      });
    });
  }

  get ready(): Promise<void> {
    return this.#ready;
  }

  addLun(lun: string, mailboxes: readonly SharedArrayBuffer[]): void {
    this.#post({ type: 'lun', lun, mailboxes });
  }

  attach(vm: ThreadVm): Promise<void> {
    return this.#ask(id => ({ type: 'attach', id, vm }));
  }

  detach(worldId: number): Promise<void> {
    return this.#ask(id => ({ type: 'detach', id, worldId }));
  }

  async stop(): Promise<void> {
    this.#post({ type: 'stop' });
    await this.#ended;
  }

  #ask(make: (id: number) => ToStorage): Promise<void> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#post(make(id));
    });
  }

  #post(message: ToStorage): void {
    this.#worker.postMessage(message);
    eventfdSignal(this.#controlFd);
  }

  #settle(message: Extract<FromStorage, { id: number }>): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.type === 'done') pending?.resolve();
    else pending?.reject(new VmkernelError('Internal', message.message));
  }
}
