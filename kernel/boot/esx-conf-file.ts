import { CONSOLE_MEMORY_KEY, EsxConf, parseConsoleMemory } from '../../lib/esxconf/index.js';
import { readBeneath, writeBeneath } from '../../lib/linux/index.js';
import { VmkernelError } from '../abi/index.js';

const FOLDER = 'etc/vmware';
const NAME = 'esx.conf';
const MAX_BYTES = 1 << 20;

/** Keys that may be set, and which values they take. */
const KEYS: Readonly<Record<string, (value: string) => boolean>> = {
  [CONSOLE_MEMORY_KEY]: value => parseConsoleMemory(value) !== undefined,
};

/**
 * The host's esx.conf: the VMkernel alone changes it for others. It lies among the console's files, so it is read and
 * replaced without following what the console's root may have laid there.
 */
export class EsxConfFile {
  constructor(
    private readonly consoleFolder: string,
    private readonly changed: (key: string) => void,
  ) {}

  /** Undefined where the file does not name it. */
  get(key: string): string | undefined {
    return this.#read().get(key);
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
    const conf = this.#read();
    for (const [key, value] of settings) conf.set(key, value);
    writeBeneath(this.consoleFolder, FOLDER, NAME, conf.toString());
    for (const key of settings.keys()) this.changed(key);
  }

  #read(): EsxConf {
    return EsxConf.parse(readBeneath(this.consoleFolder, `${FOLDER}/${NAME}`, MAX_BYTES) ?? '');
  }
}
