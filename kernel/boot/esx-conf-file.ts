import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CONSOLE_MEMORY_KEY, EsxConf, parseConsoleMemory } from '../../lib/esxconf/index.js';
import { readBeneath, writeBeneath } from '../../lib/linux/index.js';
import { VmkernelError } from '../abi/index.js';

const FOLDER = 'etc/vmware';
const NAME = 'esx.conf';
/** 512 resource pools and 1024 VMs take less than a third of it. */
const MAX_BYTES = 4 << 20;

/** Keys that may be set, and which values they take. */
const KEYS: Readonly<Record<string, (value: string) => boolean>> = {
  [CONSOLE_MEMORY_KEY]: value => parseConsoleMemory(value) !== undefined,
};

/**
 * The host's esx.conf: the VMkernel alone changes it for others. It lies among the console's files, so it is read and
 * replaced without following what the console's root may have laid there. Every change is durable and whole when it
 * returns: whoever is killed leaves the old file or the new one.
 */
export class EsxConfFile {
  constructor(
    private readonly consoleFolder: string,
    private readonly changed: (key: string) => void,
  ) {}

  /** Undefined where the file does not name it. */
  get(key: string): string | undefined {
    return this.read().get(key);
  }

  /** Durable when it returns. @throws VmkernelError NotSupported {key}, InvalidArgument {argument} */
  set(key: string, value: string): void {
    const accepts = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    if (accepts === undefined) throw new VmkernelError('NotSupported', `${key} cannot be set`, { key });
    if (!accepts(value))
      throw new VmkernelError('InvalidArgument', `${key} cannot be ${value.slice(0, 64)}`, {
        argument: 'value',
      });
    this.write(new Map([[key, value]]));
  }

  /** Settings that another part of the VMkernel answers for; durable, all of them, when it returns. */
  write(settings: ReadonlyMap<string, string>): void {
    this.edit(conf => {
      for (const [key, value] of settings) conf.set(key, value);
    });
    for (const key of settings.keys()) this.changed(key);
  }

  read(): EsxConf {
    return EsxConf.parse(this.#text());
  }

  /** @throws VmkernelError InvalidState for a file that is no esx.conf, IoError; then nothing is changed */
  edit(change: (conf: EsxConf) => void): void {
    const text = this.#text();
    // Only its beginning was read: the rest would be lost.
    if (Buffer.byteLength(text) >= MAX_BYTES)
      throw new VmkernelError('InvalidState', `${NAME} is larger than ${MAX_BYTES} bytes`, {
        path: `/${FOLDER}/${NAME}`,
      });
    const conf = EsxConf.parse(text);
    change(conf);
    this.#write(NAME, conf.toString());
  }

  /** Lays a copy of the file beside it. @returns its path in the console */
  keepCopy(): string {
    const name = `${NAME}.damaged-${new Date().toISOString().replace(/[^\dT]/g, '')}`;
    this.#write(name, this.#text());
    return `/${FOLDER}/${name}`;
  }

  #write(name: string, text: string): void {
    // A VMkernel without a service console has no such folder before it writes.
    if (!existsSync(this.consoleFolder)) mkdirSync(join(this.consoleFolder, FOLDER), { recursive: true });
    try {
      writeBeneath(this.consoleFolder, FOLDER, name, text);
    } catch (error) {
      throw new VmkernelError('IoError', `${NAME} cannot be written: ${String(error)}`, {
        path: `/${FOLDER}/${name}`,
      });
    }
  }

  #text(): string {
    if (!existsSync(this.consoleFolder)) return '';
    return readBeneath(this.consoleFolder, `${FOLDER}/${NAME}`, MAX_BYTES) ?? '';
  }
}
