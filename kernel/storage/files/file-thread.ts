import { Worker } from 'node:worker_threads';
import { VmkernelError } from '../../abi/index.js';
import type { FileReply, FileRequest, FileRequestName, FileRequests, FileWorkerData } from './requests.js';

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The main thread's end of one file worker, started at the first request. */
export class FileThread {
  readonly #data: FileWorkerData;
  readonly #script: URL;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #nextId = 1;

  constructor(script: URL, data: FileWorkerData) {
    this.#script = script;
    this.#data = data;
  }

  /** Requests that have not been answered. */
  get pending(): number {
    return this.#pending.size;
  }

  request<N extends FileRequestName>(
    name: N,
    args: FileRequests[N]['args'],
  ): Promise<FileRequests[N]['result']> {
    const request: FileRequest = { id: this.#nextId++, name, args };
    return new Promise((resolve, reject) => {
      this.#pending.set(request.id, {
        resolve: result => resolve(result as FileRequests[N]['result']),
        reject,
      });
      this.#running().postMessage(request);
    });
  }

  /** @returns false when the worker hangs in its datastore: it ends with the process */
  async stop(): Promise<boolean> {
    if (this.#worker === undefined) return true;
    if (this.#pending.size > 0) return false;
    await this.#worker.terminate();
    return true;
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(this.#script, { workerData: this.#data, trackUnmanagedFds: false });
    worker.on('message', (reply: FileReply) => this.#settle(reply));
    worker.on('error', error => this.#fail(error));
    worker.on('exit', () => this.#fail(new Error('file worker ended')));
    // A worker that hangs must not keep a process that is done otherwise.
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  #settle(reply: FileReply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (pending === undefined) return;
    if ('error' in reply) {
      const { code, message, details } = reply.error;
      pending.reject(new VmkernelError(code, message, details));
      return;
    }
    pending.resolve(reply.result);
  }

  #fail(error: Error): void {
    this.#worker = undefined;
    const lost = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of lost)
      reject(new VmkernelError('Internal', error.message, { path: this.#data.shown }));
  }
}
