import { Worker } from 'node:worker_threads';
import { VmkernelError } from '../../abi/index.js';
import { within } from '../within.js';
import type { JobMessage, JobName, JobReply, JobRequests, JobWorkerData } from './requests.js';

const MAX_PENDING = 128;
const STOP_MS = 2000;

/** How a job is followed: abort takes it back, progress is 0 to 1. */
export interface JobControl {
  readonly signal: AbortSignal;
  progress(fraction: number): void;
}

interface Pending {
  readonly control: JobControl | undefined;
  resolve(): void;
  reject(error: Error): void;
}

/** The main thread's end of a datastore's job worker, started at the first job. */
export class JobClient {
  readonly #script: URL;
  readonly #data: JobWorkerData;
  readonly #onWarning: (text: string) => void;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #nextId = 1;
  #idle: (() => void) | undefined;

  constructor(script: URL, data: JobWorkerData, onWarning: (text: string) => void) {
    this.#script = script;
    this.#data = data;
    this.#onWarning = onWarning;
  }

  /** @throws VmkernelError; Cancelled when it was aborted before it was committed */
  run<N extends JobName>(name: N, args: JobRequests[N], control?: JobControl): Promise<void> {
    if (this.#pending.size >= MAX_PENDING && name !== 'abortUpload')
      return Promise.reject(new VmkernelError('Busy', `${this.#data.volume} does not keep up`));
    const id = this.#nextId++;
    const cancel = (): void => this.#send({ cancel: id });
    return new Promise<void>((resolve, reject) => {
      this.#pending.set(id, { control, resolve, reject });
      this.#send({ id, name, args });
      if (control?.signal.aborted === true) cancel();
      else control?.signal.addEventListener('abort', cancel);
    }).finally(() => control?.signal.removeEventListener('abort', cancel));
  }

  /** Cancels what is under way. @returns false when the worker hangs in its datastore: it ends with the process */
  async stop(): Promise<boolean> {
    const worker = this.#worker;
    if (worker === undefined) return true;
    if (this.#pending.size > 0) {
      const idle = new Promise<true>(resolve => {
        this.#idle = () => resolve(true);
      });
      for (const id of this.#pending.keys()) this.#send({ cancel: id });
      if ((await within(STOP_MS, idle)) === undefined) return false;
    }
    await worker.terminate();
    return true;
  }

  #send(message: JobMessage): void {
    this.#running().postMessage(message);
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(this.#script, { workerData: this.#data, trackUnmanagedFds: false });
    worker.on('message', (reply: JobReply) => this.#settle(reply));
    worker.on('error', error => this.#fail(error));
    worker.on('exit', () => this.#fail(new Error('job worker ended')));
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  #settle(reply: JobReply): void {
    if ('warning' in reply) {
      this.#onWarning(reply.warning);
      return;
    }
    const pending = this.#pending.get(reply.id);
    if (pending === undefined) return;
    if ('progress' in reply) {
      pending.control?.progress(reply.progress);
      return;
    }
    this.#pending.delete(reply.id);
    if ('error' in reply) {
      const { code, message, details } = reply.error;
      pending.reject(new VmkernelError(code, message, details));
    } else pending.resolve();
    if (this.#pending.size === 0) this.#idle?.();
  }

  #fail(error: Error): void {
    this.#worker = undefined;
    const lost = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of lost)
      reject(new VmkernelError('Internal', error.message, { path: this.#data.volume }));
  }
}
