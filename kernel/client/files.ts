import type { DirectoryEntry, FileStat } from '../abi/index.js';
import { MAX_BODY_BYTES } from '../abi/index.js';
import type { VmkernelClient } from './connection.js';

/** Largest piece of file data in one call. */
export const FILE_CHUNK_BYTES = MAX_BODY_BYTES / 16;

export interface FileUpload {
  write(data: Uint8Array): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/**
 * Files on datastores, by `/vmfs/volumes/<volume or label>/…`. Every process reaches datastore files this way.
 * Errors are VmkernelError: NotFound, AlreadyExists, NotADirectory, NotEmpty, PermissionDenied, NoSpace, IoError {errno}.
 */
export class DatastoreFiles {
  readonly #client: VmkernelClient;

  constructor(client: VmkernelClient) {
    this.#client = client;
  }

  /** Reads to the end of the file, or `lengthBytes` where given; fewer bytes mean the end. */
  async read(path: string, offsetBytes = 0, lengthBytes = Number.MAX_SAFE_INTEGER): Promise<Buffer> {
    return (await this.readDated(path, offsetBytes, lengthBytes)).bytes;
  }

  /** As {@link DatastoreFiles.read}, with the time at which the file that the last bytes are of was changed. */
  async readDated(
    path: string,
    offsetBytes = 0,
    lengthBytes = Number.MAX_SAFE_INTEGER,
  ): Promise<{ bytes: Buffer; modifiedMs: number }> {
    const parts: Uint8Array[] = [];
    let modifiedMs = 0;
    let done = 0;
    while (done < lengthBytes) {
      const wanted = Math.min(FILE_CHUNK_BYTES, lengthBytes - done);
      const args = { path, offsetBytes: offsetBytes + done, lengthBytes: wanted };
      const { result, body } = await this.#client.callWithBody('fileRead', args);
      ({ modifiedMs } = result);
      parts.push(body);
      done += body.length;
      if (body.length < wanted) break;
    }
    return { bytes: Buffer.concat(parts), modifiedMs };
  }

  async write(
    path: string,
    data: Uint8Array,
    options: { offsetBytes?: number; create?: boolean; truncate?: boolean } = {},
  ): Promise<void> {
    const { offsetBytes = 0, create = false, truncate = false } = options;
    let at = 0;
    do {
      const part = data.subarray(at, at + FILE_CHUNK_BYTES);
      const args = { path, offsetBytes: offsetBytes + at, create, truncate: truncate && at === 0 };
      await this.#client.callWithBody('fileWrite', args, part);
      at += part.length;
    } while (at < data.length);
  }

  /**
   * Replaces a file as one step: its old or its new content is there, whatever dies. At most 8 MiB.
   * @returns what the new file is
   */
  async writeAtomic(path: string, data: Uint8Array): Promise<FileStat> {
    return (await this.#client.callWithBody('fileWriteAtomic', { path }, data)).result;
  }

  /** Appends as one step, and makes the file where it is missing. */
  async append(path: string, data: Uint8Array): Promise<void> {
    await this.#client.callWithBody('fileAppend', { path }, data);
  }

  /** Sends a file piece by piece; it appears when it is whole. A failure or an abort leaves what was there before. */
  async upload(path: string, sizeBytes?: number): Promise<FileUpload> {
    const args = sizeBytes === undefined ? { path } : { path, sizeBytes };
    const { upload } = await this.#client.call('uploadBegin', args);
    return {
      write: async data => {
        for (let at = 0; at < data.length; at += FILE_CHUNK_BYTES)
          await this.#client.callWithBody(
            'uploadWrite',
            { upload },
            data.subarray(at, at + FILE_CHUNK_BYTES),
          );
      },
      commit: async () => void (await this.#client.call('uploadCommit', { upload })),
      abort: async () => void (await this.#client.call('uploadAbort', { upload })),
    };
  }

  stat(path: string): Promise<FileStat> {
    return this.#client.call('fileStat', { path });
  }

  async list(path: string): Promise<DirectoryEntry[]> {
    return (await this.#client.call('fileList', { path })).entries;
  }

  async mkdir(path: string, recursive = false): Promise<void> {
    await this.#client.call('fileMkdir', { path, recursive });
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#client.call('fileRename', { from, to });
  }

  async remove(path: string, recursive = false): Promise<void> {
    await this.#client.call('fileRemove', { path, recursive });
  }
}
