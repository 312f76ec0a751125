import { type AdvancedOptionInfo, VmkernelError } from '../../../kernel/abi/index.js';
import { type OptionDef, type OptionValue, TypedValue, untyped } from '../../../lib/vim/index.js';
import { invalidArgument, vimFault } from '../../../lib/vim-server/index.js';
import type { VmkernelLink } from '../vmkernel/vmkernel-link.js';
import type { OptionStore } from './option-store.js';

/** The VMkernel's advanced options, as the API names them: `/Cpu/Quantum` is `Cpu.Quantum`. */
export class KernelOptions implements OptionStore {
  #options: readonly AdvancedOptionInfo[] = [];

  constructor(private readonly link: () => Pick<VmkernelLink, 'call'>) {}

  async refresh(): Promise<void> {
    this.#options = (await this.link().call('listOptions', {})).options;
  }

  values(): OptionValue[] {
    return this.#options.map(({ path, value }) => ({
      key: keyOf(path),
      value: new TypedValue('long', false, value),
    }));
  }

  definitions(): OptionDef[] {
    return this.#options.map(({ path, description, min, max, defaultValue }) => ({
      key: keyOf(path),
      label: path.slice(path.lastIndexOf('/') + 1),
      summary: description,
      optionType: { _type: 'LongOption', valueIsReadonly: false, min, max, defaultValue },
    }));
  }

  async set(changes: readonly OptionValue[]): Promise<void> {
    const checked = changes.map(({ key, value }) => {
      const option = this.#options.find(one => keyOf(one.path) === key);
      if (option === undefined) throw vimFault('InvalidName', { name: key }, `There is no option ${key}.`);
      return { path: option.path, value: wholeNumber(key, untyped(value)) };
    });
    try {
      await this.link().call('setOptions', { changes: checked });
    } catch (error) {
      const path =
        error instanceof VmkernelError && error.code === 'InvalidArgument' && error.details?.argument;
      throw typeof path === 'string' ? invalidArgument(keyOf(path)) : error;
    }
    await this.refresh();
  }
}

function keyOf(path: string): string {
  return path.slice(1).replaceAll('/', '.');
}

function wholeNumber(key: string, value: unknown): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) throw invalidArgument(key);
  return number;
}
