import type { SerialBackend } from './serial-backend.js';

const MAX_PENDING_BYTES = 1 << 20;

export interface SerialFileOptions {
  append(bytes: Uint8Array): Promise<void>;
  /** Bytes that could not be written, and why. Called at most once per failure. */
  onLoss(bytes: number, error: unknown): void;
}

/** A serial port whose output is appended to a file of the datastore; at most 1 MiB waits for it. */
export class SerialFile implements SerialBackend {
  readonly #options: SerialFileOptions;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> | undefined;

  constructor(options: SerialFileOptions) {
    this.#options = options;
  }

  write(bytes: Uint8Array): void {
    if (this.#pendingBytes + bytes.length > MAX_PENDING_BYTES) {
      this.#options.onLoss(bytes.length, undefined);
      return;
    }
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#writing ??= this.#drain();
  }

  async close(): Promise<void> {
    await this.#writing;
  }

  async #drain(): Promise<void> {
    while (this.#pending.length > 0) {
      const bytes = Buffer.concat(this.#pending);
      this.#pending = [];
      this.#pendingBytes = 0;
      try {
        await this.#options.append(bytes);
      } catch (error) {
        this.#options.onLoss(bytes.length, error);
      }
    }
    this.#writing = undefined;
  }
}
