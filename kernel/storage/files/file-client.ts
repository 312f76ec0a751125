import { VmkernelError } from '../../abi/index.js';
import { FileThread } from './file-thread.js';
import { type FileRequestName, type FileRequests, type FileWorkerData, GIVING_BACK } from './requests.js';
import { Turns } from './turns.js';

const MAX_PENDING = 64;

/** A file's replacement waits for the disk twice; Linux makes several that wait at once durable together. */
const MAX_THREADS = 4;

/** Requests that change nothing: they see a file before or after a replacement that is under way. */
const READING: ReadonlySet<FileRequestName> = new Set<FileRequestName>([
  'read',
  'stat',
  'list',
  'space',
  'diskInfo',
]);

/**
 * The main thread's end of a datastore's file workers: one that does everything, one request after the other, and
 * others that only replace files, started when several are to be replaced at once. Whatever else changes something
 * waits until the replacements before it are done. When the datastore hangs, requests to it wait, at most 64, then
 * Busy; other datastores have their own workers.
 */
export class FileClient {
  readonly #data: FileWorkerData;
  readonly #script: URL;
  readonly #first: FileThread;
  readonly #threads: FileThread[];
  readonly #turns = new Turns();
  /** Which thread replaces a file: a later replacement of it has to follow. */
  readonly #replacing = new Map<string, { readonly thread: FileThread; count: number }>();
  #pending = 0;

  constructor(script: URL, data: FileWorkerData) {
    this.#script = script;
    this.#data = data;
    this.#first = new FileThread(script, data);
    this.#threads = [this.#first];
  }

  /** Requests that have not been answered. */
  get pending(): number {
    return this.#pending;
  }

  async request<N extends FileRequestName>(
    name: N,
    args: FileRequests[N]['args'],
  ): Promise<FileRequests[N]['result']> {
    if (this.#pending >= MAX_PENDING && !GIVING_BACK.has(name))
      throw new VmkernelError('Busy', `${this.#data.shown} does not keep up`, { path: this.#data.shown });
    this.#pending += 1;
    try {
      if (READING.has(name)) return await this.#first.request(name, args);
      if (name === 'replace') return await this.#turns.shared(() => this.#replace(name, args));
      return await this.#turns.alone(() => this.#first.request(name, args));
    } finally {
      this.#pending -= 1;
    }
  }

  /** @returns false when a worker hangs in its datastore: it ends with the process */
  async stop(): Promise<boolean> {
    const stopped = await Promise.all(this.#threads.map(thread => thread.stop()));
    return stopped.every(Boolean);
  }

  async #replace<N extends FileRequestName>(
    name: N,
    args: FileRequests[N]['args'],
  ): Promise<FileRequests[N]['result']> {
    const { path } = args as FileRequests['replace']['args'];
    const use = this.#replacing.get(path) ?? { thread: this.#leastBusy(), count: 0 };
    this.#replacing.set(path, use);
    use.count += 1;
    try {
      return await use.thread.request(name, args);
    } finally {
      use.count -= 1;
      if (use.count === 0) this.#replacing.delete(path);
    }
  }

  #leastBusy(): FileThread {
    const best = this.#threads.reduce((least, one) => (one.pending < least.pending ? one : least));
    if (best.pending === 0 || this.#threads.length === MAX_THREADS) return best;
    const { name, ...data } = this.#data;
    const further = new FileThread(this.#script, { ...data, name: `${name}-${this.#threads.length}` });
    this.#threads.push(further);
    return further;
  }
}
