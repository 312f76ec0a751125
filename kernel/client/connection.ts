import { createConnection, type Socket } from 'node:net';
import {
  type CallName,
  type CallReply,
  type Calls,
  type Change,
  encodeFrame,
  FrameDecoder,
  VmkernelError,
} from '../abi/index.js';
import { DatastoreFiles } from './files.js';

/** What a call brought back: its result, and the frame's body where it carries file data. */
export interface Answer<N extends CallName> {
  readonly result: Calls[N]['result'];
  readonly body: Uint8Array;
}

/** How a long call is followed and ended. */
export interface CallOptions {
  /** Cancels the call: it fails with Cancelled, or was done already. */
  readonly signal?: AbortSignal;
  /** How far it is, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
}

interface Waiting {
  readonly onProgress: ((fraction: number) => void) | undefined;
  readonly resolve: (answer: Answer<CallName>) => void;
  readonly reject: (error: VmkernelError) => void;
}

/**
 * One connection to the VMkernel's control socket. Calls run side by side; answers come in any order.
 * When the connection is lost every waiting call fails with ConnectionLost: whether it happened is told by the
 * change feed or by asking again.
 */
export class VmkernelClient {
  readonly files = new DatastoreFiles(this);
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder();
  readonly #waiting = new Map<number, Waiting>();
  readonly #closeListeners: (() => void)[] = [];
  #onChange: ((change: Change) => void) | null = null;
  #nextId = 1;
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', chunk => this.#receive(chunk));
    socket.on('close', () => this.#lost());
    socket.on('error', () => socket.destroy());
  }

  /** @throws VmkernelError ConnectionLost when nobody listens there, PermissionDenied to who may not connect */
  static connect(socketPath: string): Promise<VmkernelClient> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(socketPath);
      socket.once('connect', () => {
        socket.removeAllListeners('error');
        resolve(new VmkernelClient(socket));
      });
      socket.once('error', error => reject(notConnected(socketPath, error)));
    });
  }

  async call<N extends CallName>(
    name: N,
    args: Calls[N]['args'],
    options: CallOptions = {},
  ): Promise<Calls[N]['result']> {
    const { signal, onProgress } = options;
    if (signal?.aborted === true) throw new VmkernelError('Cancelled', 'The operation was cancelled');
    const id = this.#nextId;
    const cancel = (): void => void this.#socket.write(encodeFrame({ cancel: id }));
    signal?.addEventListener('abort', cancel);
    try {
      return (await this.#send(name, args, { onProgress })).result;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  callWithBody<N extends CallName>(name: N, args: Calls[N]['args'], body?: Uint8Array): Promise<Answer<N>> {
    return this.#send(name, args, { body });
  }

  /**
   * Follows the change feed from now on, or from a sequence number of the same boot.
   * @returns the position; `gap` when changes between were lost (another boot, or too old): re-read everything
   */
  watch(
    onChange: (change: Change) => void,
    from?: { readonly bootId: string; readonly seq: number },
  ): Promise<Calls['watch']['result']> {
    this.#onChange = onChange;
    return this.call('watch', from === undefined ? {} : { bootId: from.bootId, after: from.seq });
  }

  onClose(listener: () => void): void {
    this.#closeListeners.push(listener);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Lets the process end although the connection is open. */
  unref(): void {
    this.#socket.unref();
  }

  #send<N extends CallName>(
    name: N,
    args: Calls[N]['args'],
    { body, onProgress }: { body?: Uint8Array | undefined; onProgress?: Waiting['onProgress'] },
  ): Promise<Answer<N>> {
    if (this.#closed) return Promise.reject(connectionLost());
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: answer => resolve(answer as Answer<N>), reject, onProgress });
      this.#socket.write(encodeFrame({ id, call: name, args }, body));
    });
  }

  #receive(chunk: Uint8Array): void {
    try {
      for (const frame of this.#decoder.push(chunk)) this.#dispatch(frame.header as CallReply, frame.body);
    } catch {
      // The peer speaks no frames: the connection is of no more use, and every waiting call is told so.
      this.#socket.destroy();
    }
  }

  #dispatch(reply: CallReply, body: Uint8Array): void {
    if ('change' in reply) {
      this.#onChange?.(reply.change);
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    if ('progress' in reply) {
      waiting?.onProgress?.(reply.progress);
      return;
    }
    this.#waiting.delete(reply.id);
    if (waiting === undefined) return;
    if ('error' in reply)
      waiting.reject(new VmkernelError(reply.error.code, reply.error.message, reply.error.details));
    else waiting.resolve({ result: reply.result as Calls[CallName]['result'], body });
  }

  #lost(): void {
    this.#closed = true;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const one of waiting) one.reject(connectionLost());
    for (const listener of this.#closeListeners) listener();
  }
}

function connectionLost(): VmkernelError {
  return new VmkernelError('ConnectionLost', 'The connection to the VMkernel was lost');
}

function notConnected(socketPath: string, error: NodeJS.ErrnoException): VmkernelError {
  if (error.code === 'EACCES')
    return new VmkernelError('PermissionDenied', 'Only root may talk to the VMkernel', { socketPath });
  return new VmkernelError(
    'ConnectionLost',
    `The VMkernel does not answer at ${socketPath}: ${error.message}`,
  );
}
