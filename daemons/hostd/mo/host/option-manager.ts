import type { ManagedObjectReference, OptionValue } from '../../../../lib/vim/index.js';
import {
  defineClass,
  type ManagedObject,
  type ObjectClass,
  type ObjectRegistry,
  vimFault,
} from '../../../../lib/vim-server/index.js';
import type { OptionStore } from '../../settings/option-store.js';

/** Options by name, kept over boots. */
export class OptionManager implements ManagedObject {
  readonly objectClass: ObjectClass = optionManagerClass;

  constructor(
    readonly ref: ManagedObjectReference,
    readonly store: OptionStore,
    private readonly registry: ObjectRegistry,
  ) {}

  /**
   * @param name of an option, or of all whose names begin with it and a dot; undefined: all
   * @throws VimFault InvalidName when there is none
   */
  query(name: string | undefined): OptionValue[] {
    const values = this.store.values();
    if (name === undefined || name === '') return values;
    const found = values.filter(({ key }) => key === name || key.startsWith(`${name.replace(/\.$/, '')}.`));
    if (found.length === 0) throw vimFault('InvalidName', { name }, `There is no option ${name}.`);
    return found;
  }

  /** All of them or none. @throws VimFault InvalidName, InvalidArgument */
  async update(changes: readonly OptionValue[]): Promise<void> {
    await this.store.set(changes);
    this.changed();
  }

  /** Values are others than before. */
  changed(): void {
    this.registry.changed(this, 'setting');
  }
}

export const optionManagerClass: ObjectClass = defineClass<'OptionManager', OptionManager>('OptionManager', {
  properties: {
    supportedOption: manager => manager.store.definitions(),
    setting: manager => manager.store.values(),
  },
  methods: {
    QueryOptions: (manager, { name }) => manager.query(name),
    UpdateOptions: (manager, { changedValue }) => manager.update(changedValue),
  },
});
