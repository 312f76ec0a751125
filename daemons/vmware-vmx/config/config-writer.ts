import {
  type CallFailure,
  type FromVmx,
  MAX_HEADER_BYTES,
  VmkernelError,
} from '../../../kernel/abi/index.js';

/** What a message needs around the text. */
const ENVELOPE_BYTES = 256;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: VmkernelError) => void;
}

/** Has the VMkernel write the .vmx. */
export class ConfigWriter {
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  constructor(private readonly send: (message: FromVmx) => void) {}

  /** @throws VmkernelError with the VMkernel's reason: then nothing has changed */
  write(vmxText: string): Promise<void> {
    if (Buffer.byteLength(JSON.stringify(vmxText)) + ENVELOPE_BYTES > MAX_HEADER_BYTES)
      return Promise.reject(
        new VmkernelError('InvalidVmx', 'The configuration grows too large', { reason: 'TooLarge', line: 0 }),
      );
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.send({ type: 'writeConfig', id, vmxText });
    });
  }

  written(id: number, error: CallFailure | undefined): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve();
    else waiting?.reject(new VmkernelError(error.code, error.message, error.details));
  }
}
