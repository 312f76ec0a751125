import { type CallName, type Calls, MAX_BODY_BYTES, VmkernelError } from '../abi/index.js';
import type { Datastore, Datastores, ResolvedPath } from './datastores.js';
import type { FileClient } from './files/file-client.js';

export type FileCallName = Exclude<Extract<CallName, `file${string}`>, 'fileCopy' | 'fileMove'>;

/** Result of a file call; `body` is file data. */
export interface FileCallReply {
  readonly result: unknown;
  readonly body?: Uint8Array;
}

type Arguments = Readonly<Record<string, unknown>>;
type Handler = (args: Arguments, body: Uint8Array) => Promise<FileCallReply>;

/** The file calls of the control socket, checked and passed to the file worker of their datastore. */
export class FileCalls {
  readonly #datastores: Datastores;
  readonly #clientOf: (datastore: Datastore) => FileClient;
  readonly #handlers: Readonly<Record<FileCallName, Handler>>;

  constructor(datastores: Datastores, clientOf: (datastore: Datastore) => FileClient) {
    this.#datastores = datastores;
    this.#clientOf = clientOf;
    this.#handlers = {
      fileRead: args => this.#read(args),
      fileWrite: (args, body) => this.#write(args, body),
      fileWriteAtomic: (args, data) =>
        this.#on(args, (client, { relative: path }) => client.request('replace', { path, data })),
      fileAppend: (args, data) =>
        this.#on(args, (client, { relative: path }) => client.request('append', { path, data })),
      fileStat: args => this.#on(args, (client, { relative: path }) => client.request('stat', { path })),
      fileList: args =>
        this.#on(args, async (client, { relative: path }) => ({
          entries: await client.request('list', { path }),
        })),
      fileMkdir: args =>
        this.#on(args, (client, { relative: path }) =>
          client.request('mkdir', { path, recursive: flag(args, 'recursive') }),
        ),
      fileRename: args => this.#rename(args),
      fileRemove: args =>
        this.#on(args, (client, { relative: path }) =>
          client.request('remove', { path, recursive: flag(args, 'recursive') }),
        ),
    };
  }

  /** @throws VmkernelError; arguments come from any process and are checked here */
  async call<N extends FileCallName>(
    name: N,
    args: unknown,
    body: Uint8Array,
  ): Promise<{ result: Calls[N]['result']; body?: Uint8Array }> {
    if (typeof args !== 'object' || args === null) throw invalid('args');
    const reply = await this.#handlers[name](args as Arguments, body);
    return reply as { result: Calls[N]['result']; body?: Uint8Array };
  }

  async #read(args: Arguments): Promise<FileCallReply> {
    const { datastore, relative: path } = this.#resolve(args, 'path');
    const offsetBytes = count(args, 'offsetBytes');
    const lengthBytes = Math.min(count(args, 'lengthBytes'), MAX_BODY_BYTES);
    const read = await this.#clientOf(datastore).request('read', { path, offsetBytes, lengthBytes });
    return { result: { modifiedMs: read.modifiedMs }, body: read.bytes };
  }

  #write(args: Arguments, data: Uint8Array): Promise<FileCallReply> {
    const offsetBytes = count(args, 'offsetBytes');
    const create = flag(args, 'create');
    const truncate = flag(args, 'truncate');
    return this.#on(args, (client, { relative: path }) =>
      client.request('write', { path, data, offsetBytes, create, truncate }),
    );
  }

  async #rename(args: Arguments): Promise<FileCallReply> {
    const from = this.#resolve(args, 'from');
    const to = this.#resolve(args, 'to');
    if (from.datastore !== to.datastore)
      throw new VmkernelError('NotSupported', 'rename between datastores', {
        from: from.canonical,
        to: to.canonical,
      });
    await this.#clientOf(from.datastore).request('rename', { from: from.relative, to: to.relative });
    return { result: {} };
  }

  async #on(
    args: Arguments,
    request: (client: FileClient, path: ResolvedPath) => Promise<unknown>,
  ): Promise<FileCallReply> {
    const path = this.#resolve(args, 'path');
    return { result: (await request(this.#clientOf(path.datastore), path)) ?? {} };
  }

  #resolve(args: Arguments, key: string): ResolvedPath {
    const path = args[key];
    if (typeof path !== 'string') throw invalid(key);
    return this.#datastores.resolve(path);
  }
}

function count(args: Arguments, key: string): number {
  const value = args[key];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw invalid(key);
  return value;
}

function flag(args: Arguments, key: string): boolean {
  const value = args[key];
  if (typeof value !== 'boolean') throw invalid(key);
  return value;
}

function invalid(argument: string): VmkernelError {
  return new VmkernelError('InvalidArgument', `bad argument ${argument}`, { argument });
}
