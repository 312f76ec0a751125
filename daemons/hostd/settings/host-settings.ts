import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PlainFileError, readPlainFile, writePlainFile } from '../../../lib/linux/index.js';
import { parseVmx, VmxDocument, VmxError } from '../../../lib/vmx/index.js';

/**
 * What the host agent keeps of itself: options that clients have set, and whether the host is in maintenance mode.
 * A dictionary in /etc/vmware/hostd, replaced whole at every change. Writes follow one another.
 */
export class HostSettings {
  readonly #path: string;
  #document = VmxDocument.empty();
  #last: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** What cannot be understood is set aside as *.broken; `onBroken` is told, and there are no settings. */
  async load(onBroken: (reason: string) => void): Promise<void> {
    try {
      this.#document = parseVmx(readPlainFile(this.#path) ?? '');
    } catch (error) {
      if (!(error instanceof VmxError || error instanceof PlainFileError)) throw error;
      await rename(this.#path, `${this.#path}.broken`);
      onBroken(`${this.#path} was set aside: ${error.message}`);
    }
  }

  get(key: string): string | undefined {
    return this.#document.get(key);
  }

  /** All of them or, when the file cannot be written, none; then it throws Node's system error. */
  async set(values: Readonly<Record<string, string>>): Promise<void> {
    const written = this.#last.then(() => this.#replace(values));
    // A failed write is told to its caller; the next one stands on its own.
    this.#last = written.catch(() => undefined);
    await written;
  }

  async #replace(values: Readonly<Record<string, string>>): Promise<void> {
    const next = parseVmx(this.#document.toString());
    for (const [key, value] of Object.entries(values)) next.set(key, value);
    await mkdir(dirname(this.#path), { recursive: true });
    await writePlainFile(this.#path, next.toString(), 0o600);
    this.#document = next;
  }
}
