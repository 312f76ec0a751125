import type { GuestEngine } from './engine/index.js';
import type { FromVmm, ToVmm } from './vmm-messages.js';

/** Keys and pointer at the VMM thread's end: what the guest has no room for waits here, and lights are told. */
export class VmmInput {
  readonly #input: GuestEngine['input'];
  readonly #send: (message: FromVmm) => void;
  /** Bounded by the VMX thread, which waits for `keysTaken`. */
  #keys: Uint8Array = new Uint8Array(0);
  #lights = 0;
  #absolute = false;

  constructor(input: GuestEngine['input'], send: (message: FromVmm) => void) {
    this.#input = input;
    this.#send = send;
  }

  take(message: Extract<ToVmm, { type: 'keys' | 'pointer' }>): void {
    if (message.type === 'keys') this.#keys = Buffer.concat([this.#keys, message.bytes]);
    else {
      for (const event of message.events) this.#input.point(event);
      this.#send({ type: 'pointerTaken' });
    }
  }

  /** @returns whether the guest has something to look at */
  feed(): boolean {
    if (this.#keys.length > 0) this.#keys = this.#keys.subarray(this.#input.sendKeys(this.#keys));
    return this.#input.feed();
  }

  /** Tells what changed in the last slice. */
  tell(): void {
    const count = this.#input.takeCount();
    if (count > 0) this.#send({ type: 'keysTaken', count });
    const { lights, absolute } = this.#input;
    if (lights !== this.#lights) this.#send({ type: 'lights', bits: lights });
    if (absolute !== this.#absolute) this.#send({ type: 'pointerMode', absolute });
    this.#lights = lights;
    this.#absolute = absolute;
  }
}
