import { parentPort, workerData } from 'node:worker_threads';
import { setThreadName } from '../../../lib/linux/index.js';
import { VmkernelError } from '../../abi/index.js';
import { fileError } from '../files/errors.js';
import { DatastoreTree } from '../files/tree.js';
import {
  copyDisk,
  createDisk,
  deleteDisk,
  extendDisk,
  type JobParts,
  moveDisk,
  setDiskUuid,
  zeroDisk,
} from './disk-jobs.js';
import { copyFile, moveFile } from './file-jobs.js';
import type { Steps } from './fill.js';
import { Journal } from './journal.js';
import type { JobMessage, JobName, JobReply, JobRequests, JobWorkerData } from './requests.js';
import { Uploads } from './uploads.js';

/**
 * A datastore's job worker: long work on its files. Jobs take turns of some milliseconds, so that a small one does not
 * wait for a large one, and can be cancelled at each turn.
 */
const TURN_MS = 10;
const PROGRESS_MS = 200;

type Handlers = { readonly [N in JobName]: (args: JobRequests[N]) => Steps };

function handlers(parts: JobParts): Handlers {
  const uploads = new Uploads(parts);
  return {
    createDisk: args => createDisk(parts, args),
    deleteDisk: args => deleteDisk(parts, args),
    copyDisk: args => copyDisk(parts, args),
    moveDisk: args => moveDisk(parts, args),
    extendDisk: args => extendDisk(parts, args),
    zeroDisk: args => zeroDisk(parts, args),
    setDiskUuid: args => setDiskUuid(parts, args),
    copyFile: args => copyFile(parts, args),
    moveFile: args => moveFile(parts, args),
    beginUpload: ({ upload, at, sizeBytes }) => atOnce(() => uploads.begin(upload, at, sizeBytes)),
    writeUpload: ({ upload, data }) => atOnce(() => uploads.write(upload, data)),
    commitUpload: ({ upload }) => atOnce(() => uploads.commit(upload)),
    abortUpload: ({ upload }) => atOnce(() => uploads.abort(upload)),
    recover: () => atOnce(() => undefined),
  };
}

function* atOnce(act: () => void): Steps {
  yield 0;
  act();
}

function post(reply: JobReply): void {
  parentPort?.postMessage(reply);
}

class Jobs {
  readonly #data: JobWorkerData;
  readonly #handlers: Handlers;
  readonly #cancelled = new Set<number>();
  readonly #running = new Set<number>();
  readonly #trees = new Map<string, DatastoreTree>();

  constructor(data: JobWorkerData) {
    this.#data = data;
    const trees = (volume: string): DatastoreTree => this.#tree(volume);
    const journal = new Journal(data.journalFolder, data.volume, trees);
    for (const error of journal.recover()) post({ warning: String(error) });
    this.#handlers = handlers({ trees, journal, shown: volume => this.#folder(volume).shown });
  }

  take(message: JobMessage): void {
    if ('cancel' in message) {
      if (this.#running.has(message.cancel)) this.#cancelled.add(message.cancel);
      return;
    }
    const { id, name, args } = message;
    this.#running.add(id);
    const steps = (this.#handlers[name] as (args: unknown) => Steps)(args);
    this.#turn({ id, steps, place: placeOf(args), toldMs: performance.now() });
  }

  #turn(job: { id: number; steps: Steps; place: string; toldMs: number }): void {
    const { id, steps } = job;
    try {
      const untilMs = performance.now() + TURN_MS;
      do {
        if (this.#cancelled.has(id)) {
          steps.return();
          throw new VmkernelError('Cancelled', 'The operation was cancelled');
        }
        const { value, done } = steps.next();
        if (done === true) {
          this.#end(id);
          post({ id, done: true });
          return;
        }
        if (performance.now() - job.toldMs > PROGRESS_MS) {
          job.toldMs = performance.now();
          post({ id, progress: value });
        }
      } while (performance.now() < untilMs);
      setImmediate(() => this.#turn(job));
    } catch (error) {
      this.#end(id);
      const { code, message, details } = fileError(error, job.place);
      post({ id, error: { code, message, details } });
    }
  }

  #end(id: number): void {
    this.#running.delete(id);
    this.#cancelled.delete(id);
  }

  /** Opened late, so that a datastore that is not there now may come back. */
  #tree(volume: string): DatastoreTree {
    const known = this.#trees.get(volume);
    if (known !== undefined) return known;
    const tree = new DatastoreTree(this.#folder(volume).folder);
    this.#trees.set(volume, tree);
    return tree;
  }

  #folder(volume: string): JobWorkerData['folders'][number] {
    const found = this.#data.folders.find(one => one.volume === volume);
    if (found === undefined) throw new VmkernelError('NotFound', `no datastore ${volume}`, { path: volume });
    return found;
  }
}

function placeOf(args: unknown): string {
  const { at, to } = args as { at?: { path: string }; to?: { path: string } };
  return (at ?? to)?.path ?? '';
}

function main(data: JobWorkerData): void {
  setThreadName(data.name);
  const jobs = new Jobs(data);
  parentPort?.on('message', (message: JobMessage) => jobs.take(message));
}

main(workerData as JobWorkerData);
