import { type CallName, type Calls, type Change, VmkernelError } from '../../../kernel/abi/index.js';

/** The files of datastores as hostd uses them; kernel/client's DatastoreFiles is one. */
export interface DatastoreFileCalls {
  read(path: string, offsetBytes?: number, lengthBytes?: number): Promise<Buffer>;
  readDated(
    path: string,
    offsetBytes?: number,
    lengthBytes?: number,
  ): Promise<{ bytes: Buffer; modifiedMs: number }>;
  writeAtomic(path: string, data: Uint8Array): Promise<Calls['fileStat']['result']>;
  stat(path: string): Promise<Calls['fileStat']['result']>;
  list(path: string): Promise<Calls['fileList']['result']['entries']>;
  mkdir(path: string, recursive?: boolean): Promise<void>;
  remove(path: string, recursive?: boolean): Promise<void>;
  upload(path: string, sizeBytes?: number): Promise<FileUpload>;
}

/** A file on its way to a datastore: it appears at its commit. */
export interface FileUpload {
  write(data: Uint8Array): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** How a long call is followed and cancelled; kernel/client's CallOptions. */
export interface KernelCallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (fraction: number) => void;
}

/** One connection to the VMkernel; kernel/client's VmkernelClient is one. */
export interface VmkernelConnection {
  readonly files: DatastoreFileCalls;
  call<N extends CallName>(
    name: N,
    args: Calls[N]['args'],
    options?: KernelCallOptions,
  ): Promise<Calls[N]['result']>;
  /** A call whose reply has a body. */
  callWithBody<N extends CallName>(
    name: N,
    args: Calls[N]['args'],
  ): Promise<{ readonly result: Calls[N]['result']; readonly body: Uint8Array }>;
  watch(onChange: (change: Change) => void): Promise<unknown>;
  onClose(listener: () => void): void;
  close(): void;
}

export interface VmkernelLinkDependencies {
  connect(): Promise<VmkernelConnection>;
  /** A connection is up and its feed is followed: everything is to be read anew. */
  onConnected(): void;
  onChange(change: Change): void;
  onDisconnected(): void;
}

const firstRetryMs = 100;
const lastRetryMs = 5_000;

/**
 * The connection to the VMkernel, made again whenever it is lost, at most every five seconds. Calls fail with
 * ConnectionLost while there is none.
 */
export class VmkernelLink {
  readonly #dependencies: VmkernelLinkDependencies;
  #connection: VmkernelConnection | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #retryMs = firstRetryMs;
  #isClosed = false;

  constructor(dependencies: VmkernelLinkDependencies) {
    this.#dependencies = dependencies;
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /** @throws VmkernelError ConnectionLost */
  get files(): DatastoreFileCalls {
    return this.#connected().files;
  }

  async call<N extends CallName>(
    name: N,
    args: Calls[N]['args'],
    options?: KernelCallOptions,
  ): Promise<Calls[N]['result']> {
    return await this.#connected().call(name, args, options);
  }

  async callWithBody<N extends CallName>(
    name: N,
    args: Calls[N]['args'],
  ): Promise<{ readonly result: Calls[N]['result']; readonly body: Uint8Array }> {
    return await this.#connected().callWithBody(name, args);
  }

  /** Connects, or goes on trying in the background. Resolves after the first attempt. */
  async start(): Promise<void> {
    if (this.#isClosed) return;
    try {
      const connection = await this.#dependencies.connect();
      connection.onClose(() => this.#lost(connection));
      await connection.watch(change => this.#dependencies.onChange(change));
      this.#connection = connection;
      this.#retryMs = firstRetryMs;
      this.#dependencies.onConnected();
    } catch (error) {
      if (!(error instanceof VmkernelError)) throw error;
      this.#retryLater();
    }
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retryTimer);
    this.#connection?.close();
    this.#connection = undefined;
  }

  #connected(): VmkernelConnection {
    if (this.#connection !== undefined) return this.#connection;
    throw new VmkernelError('ConnectionLost', 'There is no connection to the VMkernel');
  }

  #lost(connection: VmkernelConnection): void {
    if (this.#connection !== connection || this.#isClosed) return;
    this.#connection = undefined;
    this.#dependencies.onDisconnected();
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => {
      this.start().catch((error: unknown) => {
        process.emitWarning(error instanceof Error ? error : String(error));
      });
    }, this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, lastRetryMs);
  }
}
