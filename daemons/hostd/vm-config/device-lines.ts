import type { VmxDocument } from '../../../lib/vmx/index.js';

/** The keys of one device in a configuration file, such as `ide0:0.fileName` of `ide0:0`. */
export class DeviceLines {
  readonly #vmx: VmxDocument;
  readonly node: string;

  constructor(vmx: VmxDocument, node: string) {
    this.#vmx = vmx;
    this.node = node;
  }

  get isPresent(): boolean {
    return this.flag('present', false);
  }

  get(name: string): string | undefined {
    return this.#vmx.get(`${this.node}.${name}`);
  }

  /** Trimmed and in lower case; empty where there is none. */
  word(name: string): string {
    return this.get(name)?.trim().toLowerCase() ?? '';
  }

  /** A word that is neither true nor false is for power-on to refuse; here the fallback is taken. */
  flag(name: string, fallback: boolean): boolean {
    const word = this.word(name);
    if (/^(true|t|yes|y|on|1)$/.test(word)) return true;
    return /^(false|f|no|n|off|0)$/.test(word) ? false : fallback;
  }

  /** Undefined deletes the key. */
  set(name: string, value: string | number | boolean | undefined): void {
    const key = `${this.node}.${name}`;
    if (value === undefined) this.#vmx.delete(key);
    else this.#vmx.set(key, value);
  }

  /** Deletes all keys of the device. */
  clear(): void {
    for (const key of this.#own()) this.#vmx.delete(key);
  }

  moveTo(other: DeviceLines): void {
    const moved = this.#own().map(key => [key.slice(this.node.length + 1), this.#vmx.get(key)] as const);
    this.clear();
    other.clear();
    for (const [name, value] of moved) other.set(name, value);
  }

  #own(): string[] {
    const prefix = `${this.node}.`.toLowerCase();
    return this.#vmx.keys().filter(key => key.toLowerCase().startsWith(prefix));
  }
}
