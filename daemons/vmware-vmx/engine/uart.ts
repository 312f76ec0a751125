import type { EngineUart } from './private-api.js';

/** Depth of a 16550A's receive FIFO; v86's model has no bound of its own. */
export const RECEIVE_FIFO_BYTES = 16;
/** What the VMM holds for a guest that does not read; the VMX thread holds back the rest. */
export const INPUT_QUEUE_BYTES = 4096;

/** One serial port: input waits until the guest has drained its FIFO, output is batched per slice. */
export class SerialPort {
  readonly #uart: EngineUart;
  readonly #receive: (byte: number) => void;
  readonly #input: number[] = [];
  #output = new Uint8Array(1024);
  #length = 0;

  constructor(uart: EngineUart, receive: (byte: number) => void) {
    this.#uart = uart;
    this.#receive = receive;
  }

  /** Queues input. @returns how many bytes were taken; the rest does not fit now */
  send(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, INPUT_QUEUE_BYTES - this.#input.length);
    for (let i = 0; i < taken; i++) this.#input.push(bytes[i] ?? 0);
    return taken;
  }

  get queuedBytes(): number {
    return this.#input.length;
  }

  /** Moves queued input into the FIFO as far as there is room. @returns bytes moved */
  feed(): number {
    let moved = 0;
    while (this.#input.length > 0 && this.#uart.input.length < RECEIVE_FIFO_BYTES) {
      this.#receive(this.#input.shift() ?? 0);
      moved++;
    }
    return moved;
  }

  /** A byte that the guest sent. */
  note(byte: number): void {
    if (this.#length === this.#output.length) {
      const larger = new Uint8Array(this.#output.length * 2);
      larger.set(this.#output);
      this.#output = larger;
    }
    this.#output[this.#length++] = byte;
  }

  /** What the guest sent since the last call, or undefined. */
  takeOutput(): Uint8Array | undefined {
    if (this.#length === 0) return undefined;
    const out = this.#output.slice(0, this.#length);
    this.#length = 0;
    return out;
  }

  reset(): void {
    this.#uart.input.length = 0;
    this.#input.length = 0;
  }
}
