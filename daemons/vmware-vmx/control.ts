import { Socket } from 'node:net';
import {
  encodeFrame,
  FrameDecoder,
  type FromVmx,
  type ToVmx,
  VMX_CONTROL_FD,
} from '../../kernel/abi/index.js';

/** The vmx's end of its talk with the VMkernel, on the socket it inherited. */
export class VmkernelLink {
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder();

  constructor(onMessage: (message: ToVmx) => void, onLost: () => void) {
    this.#socket = new Socket({ fd: VMX_CONTROL_FD, readable: true, writable: true });
    this.#socket.on('data', chunk => {
      for (const frame of this.#decoder.push(chunk)) onMessage(frame.header as ToVmx);
    });
    this.#socket.on('error', onLost);
    this.#socket.on('close', onLost);
  }

  send(message: FromVmx, body?: Uint8Array): void {
    this.#socket.write(encodeFrame(message, body));
  }

  /** Resolves when everything sent has left this process. */
  drained(): Promise<void> {
    return new Promise(resolve => {
      this.#socket.write(new Uint8Array(0), () => resolve());
    });
  }
}
