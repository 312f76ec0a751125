import { type Calls, VmkernelError } from '../abi/index.js';
import type { ResolvedPath } from './datastores.js';
import type { JobClient, JobControl } from './jobs/job-client.js';
import type { Place } from './jobs/journal.js';

/** Whose a call is: what it began and did not end is taken back when the connection closes. */
export interface JobCaller extends JobControl {
  /** @returns forgets the listener */
  onClose(listener: () => void): () => void;
}

interface Upload {
  readonly client: JobClient;
  readonly at: Place;
  readonly path: string;
  readonly forget: () => void;
}

const MAX_UPLOADS = 256;

type Args<N extends keyof Calls> = Calls[N]['args'];

/** The control socket's calls for long work on files and disks, passed to the job worker of the datastore written to. */
export class JobCalls {
  readonly #resolve: (path: string) => ResolvedPath;
  readonly #clientOf: (volume: string) => JobClient;
  readonly #uploads = new Map<number, Upload>();
  #nextUpload = 1;

  constructor(resolve: (path: string) => ResolvedPath, clientOf: (volume: string) => JobClient) {
    this.#resolve = resolve;
    this.#clientOf = clientOf;
  }

  async createDisk({ path, ...disk }: Args<'diskCreate'>, caller: JobCaller): Promise<void> {
    const at = this.#place(path);
    await this.#clientOf(at.volume).run('createDisk', { at, ...disk }, caller);
  }

  async deleteDisk({ path }: Args<'diskDelete'>, caller: JobCaller): Promise<void> {
    const at = this.#place(path);
    await this.#clientOf(at.volume).run('deleteDisk', { at }, caller);
  }

  async copyDisk(args: Args<'diskCopy'>, caller: JobCaller): Promise<void> {
    const [from, to] = [this.#place(args.from), this.#place(args.to)];
    await this.#clientOf(to.volume).run('copyDisk', { ...args, from, to }, caller);
  }

  async moveDisk(args: Args<'diskMove'>, caller: JobCaller): Promise<void> {
    const [from, to] = [this.#place(args.from), this.#place(args.to)];
    await this.#clientOf(to.volume).run('moveDisk', { ...args, from, to }, caller);
  }

  async extendDisk({ path, sizeBytes }: Args<'diskExtend'>, caller: JobCaller): Promise<void> {
    const at = this.#place(path);
    await this.#clientOf(at.volume).run('extendDisk', { at, sizeBytes }, caller);
  }

  async zeroDisk({ path, mode }: Args<'diskZero'>, caller: JobCaller): Promise<void> {
    const at = this.#place(path);
    await this.#clientOf(at.volume).run('zeroDisk', { at, mode }, caller);
  }

  async setDiskUuid({ path, uuid }: Args<'diskSetUuid'>, caller: JobCaller): Promise<void> {
    const at = this.#place(path);
    await this.#clientOf(at.volume).run('setDiskUuid', { at, uuid }, caller);
  }

  async copyFile(args: Args<'fileCopy'>, caller: JobCaller): Promise<void> {
    const [from, to] = [this.#place(args.from), this.#place(args.to)];
    await this.#clientOf(to.volume).run('copyFile', { ...args, from, to }, caller);
  }

  async moveFile(args: Args<'fileMove'>, caller: JobCaller): Promise<void> {
    const [from, to] = [this.#place(args.from), this.#place(args.to)];
    await this.#clientOf(to.volume).run('moveFile', { ...args, from, to }, caller);
  }

  async beginUpload(
    { path, sizeBytes }: Args<'uploadBegin'>,
    caller: JobCaller,
  ): Promise<{ upload: number }> {
    if (this.#uploads.size >= MAX_UPLOADS) throw new VmkernelError('Busy', 'too many uploads at once');
    const at = this.#place(path);
    const client = this.#clientOf(at.volume);
    const upload = this.#nextUpload++;
    const forget = caller.onClose(() => void this.#drop(upload).catch(() => undefined));
    this.#uploads.set(upload, { client, at, path, forget });
    try {
      await client.run('beginUpload', { upload, at, ...(sizeBytes === undefined ? {} : { sizeBytes }) });
    } catch (error) {
      this.#forget(upload);
      throw error;
    }
    return { upload };
  }

  async writeUpload({ upload }: Args<'uploadWrite'>, data: Uint8Array): Promise<void> {
    const { client, at } = this.#find(upload);
    await client.run('writeUpload', { upload, at, data });
  }

  /** What an upload is to become. @throws VmkernelError NotFound */
  pathOf(upload: number): string {
    return this.#find(upload).path;
  }

  /** Whether it succeeds or fails, the upload is over. */
  async commitUpload({ upload }: Args<'uploadCommit'>): Promise<void> {
    const { client, at } = this.#find(upload);
    try {
      await client.run('commitUpload', { upload, at });
    } finally {
      this.#forget(upload);
    }
  }

  async abortUpload({ upload }: Args<'uploadAbort'>): Promise<void> {
    this.#find(upload);
    await this.#drop(upload);
  }

  async #drop(upload: number): Promise<void> {
    const found = this.#uploads.get(upload);
    if (found === undefined) return;
    this.#forget(upload);
    await found.client.run('abortUpload', { upload, at: found.at });
  }

  #forget(upload: number): void {
    this.#uploads.get(upload)?.forget();
    this.#uploads.delete(upload);
  }

  #find(upload: number): Upload {
    const found = this.#uploads.get(upload);
    if (found === undefined) throw new VmkernelError('NotFound', `There is no upload ${upload}`, { upload });
    return found;
  }

  #place(path: string): Place {
    const { datastore, relative } = this.#resolve(path);
    if (relative === '') throw new VmkernelError('PermissionDenied', 'the datastore itself', { path });
    return { volume: datastore.volume, path: relative };
  }
}
