import { Socket } from 'node:net';
import {
  encodeFrame,
  FrameDecoder,
  type FromVmkauthd,
  type Redeemed,
  type RedeemRequest,
  type TicketInfo,
  type ToVmkauthd,
  VMKAUTHD_CONTROL_FD,
  VmkernelError,
} from '../../kernel/abi/index.js';

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** vmkauthd's end of its talk with the VMkernel, on the socket it inherited. */
export class VmkernelLink {
  readonly #socket = new Socket({ fd: VMKAUTHD_CONTROL_FD, readable: true, writable: true });
  readonly #decoder = new FrameDecoder();
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  constructor(onLost: () => void) {
    this.#socket.on('data', chunk => {
      for (const { header } of this.#decoder.push(chunk)) this.#receive(header as ToVmkauthd);
    });
    this.#socket.on('error', onLost);
    this.#socket.on('close', onLost);
  }

  ready(): void {
    this.#send({ type: 'ready' });
  }

  /** @throws VmkernelError NotFound */
  async checkTicket(ticket: string): Promise<TicketInfo> {
    return (await this.#ask(id => ({ type: 'checkTicket', id, ticket }))) as TicketInfo;
  }

  /** @throws VmkernelError NotFound, PermissionDenied, InvalidState */
  async redeem(request: RedeemRequest): Promise<Redeemed> {
    return (await this.#ask(id => ({ type: 'redeem', id, request }))) as Redeemed;
  }

  #ask(message: (id: number) => FromVmkauthd): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send(message(id));
    });
  }

  #send(message: FromVmkauthd): void {
    this.#socket.write(encodeFrame(message));
  }

  #receive(message: ToVmkauthd): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.type === 'done') waiting?.resolve(message.result);
    else {
      const { code, message: text, details } = message.error;
      waiting?.reject(new VmkernelError(code, text, details));
    }
  }
}
