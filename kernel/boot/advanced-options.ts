import {
  ADVANCED_OPTIONS,
  type AdvancedOption,
  type AdvancedOptionInfo,
  advancedOption,
  type CpuOptionWriter,
  parseOptionValue,
  VmkernelError,
} from '../abi/index.js';
import type { EsxConfFile } from './esx-conf-file.js';

const PREFIX = '/adv';

export interface AdvancedOptionParts {
  readonly table: CpuOptionWriter;
  readonly esxConf: Pick<EsxConfFile, 'get' | 'write'>;
  /** Those who act on options look again. */
  readonly moved: () => void;
}

/** The advanced options of a boot: what esx.conf says of them at its start, what administrators set since. */
export class AdvancedOptions {
  constructor(private readonly parts: AdvancedOptionParts) {}

  /** @param refused told of what stands in esx.conf in vain: the default acts */
  load(refused: (key: string, value: string) => void): void {
    for (const option of ADVANCED_OPTIONS) {
      const key = PREFIX + option.path;
      const text = this.parts.esxConf.get(key);
      const value = text === undefined ? option.defaultValue : parseOptionValue(option, text);
      if (value === undefined) refused(key, text ?? '');
      option.write(this.parts.table, value ?? option.defaultValue);
    }
  }

  list(): AdvancedOptionInfo[] {
    return ADVANCED_OPTIONS.map(({ path, description, min, max, defaultValue, read }) => ({
      path,
      description,
      min,
      max,
      defaultValue,
      value: read(this.parts.table),
    }));
  }

  /** All or nothing, durable first. @throws VmkernelError NotFound {path}, InvalidArgument {argument: path} */
  set(changes: readonly { readonly path: string; readonly value: number }[]): void {
    const { table, esxConf, moved } = this.parts;
    const checked = changes.map(({ path, value }) => [checkedOption(path, value), value] as const);
    esxConf.write(new Map(checked.map(([{ path }, value]) => [PREFIX + path, String(value)])));
    for (const [option, value] of checked) option.write(table, value);
    moved();
  }
}

function checkedOption(path: string, value: number): AdvancedOption {
  const option = advancedOption(path);
  if (option === undefined)
    throw new VmkernelError('NotFound', `There is no advanced option ${path.slice(0, 64)}`, { path });
  if (parseOptionValue(option, String(value)) === undefined)
    throw new VmkernelError(
      'InvalidArgument',
      `${path} is from ${option.min} to ${option.max}; ${value} is not`,
      { argument: path, min: option.min, max: option.max },
    );
  return option;
}
