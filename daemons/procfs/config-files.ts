import { ADVANCED_OPTIONS, type AdvancedOption, parseOptionValue } from '../../kernel/abi/index.js';
import type { TreeSources } from './text.js';
import { fileOf, folderOf, type Place, WriteRefused } from './tree.js';

const EINVAL = 22;

/** /proc/vmware/config: the advanced options, a folder for each group; root writes a value. */
export function configFolder(sources: TreeSources): Place {
  const groups: Record<string, Record<string, Place>> = {};
  for (const option of ADVANCED_OPTIONS) {
    const [, group = '', name = ''] = option.path.split('/');
    groups[group] ??= {};
    groups[group][name] = optionFile(sources, option, name);
  }
  return folderOf(Object.fromEntries(Object.entries(groups).map(([name, files]) => [name, folderOf(files)])));
}

/** `IdleTax (Idle memory tax rate) [0-99: default = 75]: 75` */
function optionFile({ statistics, vmkernel }: TreeSources, option: AdvancedOption, name: string): Place {
  const { path, description, min, max, defaultValue } = option;
  const head = `${name} (${description}) [${min}-${max}: default = ${defaultValue}]`;
  return fileOf(
    () => `${head}: ${option.read(statistics.host.cpuOption)}\n`,
    async text => {
      const value = parseOptionValue(option, text);
      if (value === undefined) throw new WriteRefused(EINVAL, `${text.trim()} is no value of ${path}`);
      await vmkernel.call('setOptions', { changes: [{ path, value }] });
    },
  );
}
