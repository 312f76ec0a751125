import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../../lib/log/index.js';
import {
  type CallCancel,
  type CallName,
  type CallReply,
  type CallRequest,
  type Calls,
  type Change,
  encodeFrame,
  type Frame,
  FrameDecoder,
  VmkernelError,
} from '../abi/index.js';

const MAX_CONNECTIONS = 512;
/** Calls that one connection may have under way; more are refused. */
const MAX_CALLS = 256;
/** A connection with this much unread is given no further answer until it reads: its calls wait in its socket. */
const MAX_UNREAD_REPLIES_BYTES = 1 << 20;
const MAX_BODIES = 4;
/** A follower of the feed that reads too slowly is cut off here: it comes back and re-reads. */
const MAX_UNREAD_BYTES = 4 << 20;

/** What a call is given besides its arguments. */
export interface CallContext {
  readonly body: Uint8Array;
  /** Sends changes to this connection until it closes. */
  follow(change: Change): void;
  /** @returns forgets the listener */
  onClose(listener: () => void): () => void;
  /** Aborted when the caller cancels the call or goes away. */
  readonly signal: AbortSignal;
  /** Tells the caller how far a long call is, 0 to 1. */
  progress(fraction: number): void;
}

export interface CallOutcome<N extends CallName> {
  readonly result: Calls[N]['result'];
  readonly body?: Uint8Array;
}

export type CallHandlers = {
  readonly [N in CallName]: (args: Calls[N]['args'], context: CallContext) => Promise<CallOutcome<N>>;
};

/** Checks the arguments of a call that came over the socket. @throws VmkernelError InvalidArgument */
export type ArgumentCheck = (call: string, args: unknown) => { call: CallName; args: unknown };

/** The VMkernel's control socket: typed requests in, answers in any order, errors with codes. */
export class ControlServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(
    private readonly handlers: CallHandlers,
    private readonly check: ArgumentCheck,
    private readonly log: Logger,
  ) {
    this.#server = createServer(socket => this.#accept(socket));
  }

  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, () => {
        this.#server.removeListener('error', reject);
        resolve();
      });
    });
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise(resolve => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    if (this.#sockets.size >= MAX_CONNECTIONS) {
      this.log.warn(`more than ${MAX_CONNECTIONS} control connections`);
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, this.handlers, this.check, this.log);
    this.#sockets.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      connection.closed();
    });
  }
}

class Connection {
  readonly #decoder = new FrameDecoder();
  readonly #closeListeners = new Set<() => void>();
  readonly #cancels = new Map<number, AbortController>();
  /** Frames of the last chunk that wait until the peer has read. */
  readonly #waiting: Frame[] = [];
  #underWay = 0;
  /** Reads under way: each may answer with a megabyte. */
  #bodies = 0;

  constructor(
    private readonly socket: Socket,
    private readonly handlers: CallHandlers,
    private readonly check: ArgumentCheck,
    private readonly log: Logger,
  ) {
    socket.on('error', error => log.debug({ err: error }, 'control connection'));
    socket.on('data', chunk => this.#receive(chunk));
    socket.on('drain', () => this.#advance());
  }

  closed(): void {
    for (const cancel of this.#cancels.values()) cancel.abort();
    for (const listener of this.#closeListeners) listener();
  }

  #receive(chunk: Uint8Array): void {
    try {
      this.#waiting.push(...this.#decoder.push(chunk));
      this.#advance();
    } catch (error) {
      this.log.warn({ err: error }, 'a control connection sent something that is no frame');
      this.socket.destroy();
    }
  }

  /** Starts what waits as long as the peer reads its answers; a peer that does not is not listened to. */
  #advance(): void {
    while (this.#waiting.length > 0 && this.#mayStart()) {
      const frame = this.#waiting.shift();
      if (frame !== undefined) void this.#serve(frame.header, frame.body);
    }
    if (this.#waiting.length === 0) this.socket.resume();
    else this.socket.pause();
  }

  #mayStart(): boolean {
    return this.socket.writableLength < MAX_UNREAD_REPLIES_BYTES && this.#bodies < MAX_BODIES;
  }

  async #serve(header: unknown, body: Uint8Array): Promise<void> {
    const { id, call, args, cancel } = (header ?? {}) as Partial<CallRequest & CallCancel>;
    if (typeof cancel === 'number') return this.#cancels.get(cancel)?.abort();
    if (typeof id !== 'number') return void this.socket.destroy();
    this.#underWay++;
    const carriesData = call === 'fileRead';
    if (carriesData) this.#bodies++;
    try {
      if (this.#underWay > MAX_CALLS) throw new VmkernelError('Busy', `More than ${MAX_CALLS} calls at once`);
      const outcome = await this.#call(id, { call: String(call), args }, body);
      this.#reply({ id, result: outcome.result }, outcome.body);
    } catch (error) {
      this.#reply({ id, error: this.#failure(error, String(call)) });
    } finally {
      this.#underWay--;
      this.#cancels.delete(id);
      if (carriesData) this.#bodies--;
      this.#advance();
    }
  }

  #call(
    id: number,
    { call, args }: { call: string; args: unknown },
    body: Uint8Array,
  ): Promise<CallOutcome<CallName>> {
    const checked = this.check(call, args);
    const cancel = new AbortController();
    this.#cancels.set(id, cancel);
    const handler = this.handlers[checked.call] as (
      args: unknown,
      context: CallContext,
    ) => Promise<CallOutcome<CallName>>;
    return handler(checked.args, {
      body,
      follow: change => this.#follow(change),
      onClose: listener => {
        this.#closeListeners.add(listener);
        return () => this.#closeListeners.delete(listener);
      },
      signal: cancel.signal,
      progress: progress => this.#tell({ id, progress }),
    });
  }

  /** Left out for a peer that does not read. */
  #tell(reply: CallReply): void {
    if (this.socket.writableLength < MAX_UNREAD_REPLIES_BYTES) this.#reply(reply);
  }

  #follow(change: Change): void {
    if (this.socket.writableLength > MAX_UNREAD_BYTES) this.socket.destroy();
    else this.#reply({ change });
  }

  #failure(
    error: unknown,
    call: string,
  ): { code: VmkernelError['code']; message: string; details: Readonly<Record<string, unknown>> } {
    if (error instanceof VmkernelError)
      return { code: error.code, message: error.message, details: error.details };
    this.log.error({ err: error, call }, 'call failed unexpectedly');
    return { code: 'Internal', message: error instanceof Error ? error.message : String(error), details: {} };
  }

  #reply(reply: CallReply, body?: Uint8Array): void {
    if (this.socket.writable) this.socket.write(encodeFrame(reply, body));
  }
}
