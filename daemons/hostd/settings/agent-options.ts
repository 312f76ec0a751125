import { type OptionDef, type OptionValue, TypedValue, untyped } from '../../../lib/vim/index.js';
import { invalidArgument, vimFault } from '../../../lib/vim-server/index.js';
import type { HostOption } from './host-options.js';
import type { HostSettings } from './host-settings.js';
import type { OptionStore } from './option-store.js';

export interface AgentOptionsDependencies {
  readonly settings: HostSettings;
  readonly options: readonly HostOption[];
  onChanged(key: string, value: string): void;
}

/** The host agent's own options, kept over boots in its settings. */
export class AgentOptions implements OptionStore {
  constructor(private readonly dependencies: AgentOptionsDependencies) {}

  values(): OptionValue[] {
    const { options, settings } = this.dependencies;
    return options.map(({ key, defaultValue }) => ({
      key,
      value: new TypedValue('string', false, settings.get(key) ?? defaultValue),
    }));
  }

  definitions(): OptionDef[] {
    return this.dependencies.options.map(({ key, label, summary, choices, defaultValue }) => ({
      key,
      label,
      summary,
      optionType: {
        _type: 'ChoiceOption',
        choiceInfo: choices.map(choice => ({ key: choice, label: choice, summary: choice })),
        defaultIndex: choices.indexOf(defaultValue),
      },
    }));
  }

  async set(changes: readonly OptionValue[]): Promise<void> {
    const { settings, onChanged } = this.dependencies;
    const checked = changes.map(change => this.#checked(change));
    await settings.set(Object.fromEntries(checked));
    for (const [key, value] of checked) onChanged(key, value);
  }

  #checked({ key, value }: OptionValue): [string, string] {
    const option = this.dependencies.options.find(one => one.key === key);
    if (option === undefined) throw vimFault('InvalidName', { name: key }, `There is no option ${key}.`);
    const text = String(untyped(value));
    if (!option.choices.includes(text)) throw invalidArgument(key);
    return [key, text];
  }
}
