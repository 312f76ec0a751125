import { Socket } from 'node:net';
import {
  encodeFrame,
  FrameDecoder,
  type HostPowerRequest,
  type InitCallName,
  type InitCalls,
  type InitReply,
  VmkernelError,
} from '../abi/index.js';

/** Service actions wait for daemons; more than these at once are refused. */
const MAX_WAITING = 16;

interface Waiting {
  readonly resolve: (result: InitReply & { result: unknown }) => void;
  readonly reject: (error: VmkernelError) => void;
}

/** The VMkernel's end of the socket pair to the init that started it: the host's power and its daemons are init's. */
export class InitLink {
  readonly #socket: Socket | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #goingDown: HostPowerRequest | undefined;

  /** @param fd undefined: no init started this VMkernel */
  constructor(fd: number | undefined) {
    if (fd === undefined) return;
    const decoder = new FrameDecoder();
    this.#socket = new Socket({ fd, readable: true, writable: true });
    this.#socket.unref();
    this.#socket.on('data', chunk => {
      for (const { header } of decoder.push(chunk)) this.#receive(header as InitReply);
    });
    // init is gone: so is this process, by its parent-death signal.
    this.#socket.on('error', () => this.#lost());
    this.#socket.on('close', () => this.#lost());
  }

  get goingDown(): HostPowerRequest | undefined {
    return this.#goingDown;
  }

  /** Known before init acts on it: whoever is ended by it can ask why. @throws VmkernelError Busy, NotSupported */
  async power(request: HostPowerRequest): Promise<void> {
    if (this.#goingDown !== undefined)
      throw new VmkernelError('Busy', 'The host goes down already', { action: this.#goingDown.action });
    this.#goingDown = request;
    try {
      await this.#call('hostPower', request);
    } catch (error) {
      this.#goingDown = undefined;
      throw error;
    }
  }

  /** @throws VmkernelError InvalidState, Busy, NotSupported */
  service(args: InitCalls['service']['args']): Promise<InitCalls['service']['result']> {
    return this.#call('service', args);
  }

  async #call<N extends InitCallName>(call: N, args: InitCalls[N]['args']): Promise<InitCalls[N]['result']> {
    const socket = this.#socket;
    if (socket === undefined)
      throw new VmkernelError('NotSupported', 'This VMkernel was not started by init', { call });
    if (this.#waiting.size >= MAX_WAITING)
      throw new VmkernelError('Busy', `More than ${MAX_WAITING} requests wait for init`);
    const id = this.#nextId++;
    const reply = await new Promise<InitReply & { result: unknown }>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      socket.write(encodeFrame({ id, call, args }));
    });
    return reply.result as InitCalls[N]['result'];
  }

  #receive(reply: InitReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('result' in reply) waiting?.resolve(reply);
    else waiting?.reject(new VmkernelError(reply.error.code, reply.error.message, reply.error.details));
  }

  #lost(): void {
    for (const { reject } of this.#waiting.values())
      reject(new VmkernelError('ConnectionLost', 'init has ended'));
    this.#waiting.clear();
  }
}
