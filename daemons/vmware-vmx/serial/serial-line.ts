import type { SerialInput } from './serial-backend.js';

/** As much input is on its way to the guest at a time; sources wait beyond it. */
const IN_FLIGHT_BYTES = 4096;

/** Input of one serial port on its way to the VMM thread, with a bound: sources are paused while it is reached. */
export class SerialLine implements SerialInput {
  readonly #send: (bytes: Uint8Array) => void;
  /** Of the one backend that is connected. */
  #listener: () => void = () => undefined;
  #inFlight = 0;

  constructor(send: (bytes: Uint8Array) => void) {
    this.#send = send;
  }

  offer(bytes: Uint8Array): boolean {
    this.#inFlight += bytes.length;
    this.#send(bytes);
    return this.#inFlight < IN_FLIGHT_BYTES;
  }

  onRoom(listener: () => void): void {
    this.#listener = listener;
  }

  /** The guest's queue has taken so much. */
  taken(count: number): void {
    const wasFull = this.#inFlight >= IN_FLIGHT_BYTES;
    this.#inFlight -= count;
    if (wasFull && this.#inFlight < IN_FLIGHT_BYTES) this.#listener();
  }
}
