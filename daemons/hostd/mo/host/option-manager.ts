import {
  type ManagedObjectReference,
  type OptionDef,
  type OptionValue,
  TypedValue,
  untyped,
} from '../../../../lib/vim/index.js';
import {
  defineClass,
  invalidArgument,
  type ManagedObject,
  type ObjectClass,
  type ObjectRegistry,
  vimFault,
} from '../../../../lib/vim-server/index.js';
import type { HostOption } from '../../settings/host-options.js';
import type { HostSettings } from '../../settings/host-settings.js';

export interface OptionManagerDependencies {
  readonly registry: ObjectRegistry;
  readonly settings: HostSettings;
  readonly options: readonly HostOption[];
  onChanged(key: string, value: string): void;
}

/** Options by name, kept over boots. */
export class OptionManager implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = optionManagerClass;
  readonly #dependencies: OptionManagerDependencies;

  constructor(ref: ManagedObjectReference, dependencies: OptionManagerDependencies) {
    this.ref = ref;
    this.#dependencies = dependencies;
  }

  values(): OptionValue[] {
    return this.#dependencies.options.map(option => this.#valueOf(option));
  }

  definitions(): OptionDef[] {
    return this.#dependencies.options.map(({ key, label, summary, choices, defaultValue }) => ({
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

  /**
   * @param name of an option, or of all whose names begin with it and a dot; undefined: all
   * @throws VimFault InvalidName when there is none
   */
  query(name: string | undefined): OptionValue[] {
    const { options } = this.#dependencies;
    if (name === undefined || name === '') return this.values();
    const found = options.filter(({ key }) => key === name || key.startsWith(`${name.replace(/\.$/, '')}.`));
    if (found.length === 0) throw invalidName(name);
    return found.map(option => this.#valueOf(option));
  }

  /** All of them or none. @throws VimFault InvalidName, InvalidArgument */
  async update(changes: readonly OptionValue[]): Promise<void> {
    const { settings, registry, onChanged } = this.#dependencies;
    const checked = changes.map(change => this.#checked(change));
    await settings.set(Object.fromEntries(checked));
    registry.changed(this, 'setting');
    for (const [key, value] of checked) onChanged(key, value);
  }

  #checked({ key, value }: OptionValue): [string, string] {
    const option = this.#dependencies.options.find(one => one.key === key);
    if (option === undefined) throw invalidName(key);
    const text = String(untyped(value));
    if (!option.choices.includes(text)) throw invalidArgument(key);
    return [key, text];
  }

  #valueOf({ key, defaultValue }: HostOption): OptionValue {
    const value = this.#dependencies.settings.get(key) ?? defaultValue;
    return { key, value: new TypedValue('string', false, value) };
  }
}

function invalidName(name: string): Error {
  return vimFault('InvalidName', { name }, `There is no option ${name}.`);
}

export const optionManagerClass: ObjectClass = defineClass<'OptionManager', OptionManager>('OptionManager', {
  properties: {
    supportedOption: manager => manager.definitions(),
    setting: manager => manager.values(),
  },
  methods: {
    QueryOptions: (manager, { name }) => manager.query(name),
    UpdateOptions: (manager, { changedValue }) => manager.update(changedValue),
  },
});
