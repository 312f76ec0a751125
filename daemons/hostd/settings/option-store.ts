import type { OptionDef, OptionValue } from '../../../lib/vim/index.js';

/** Where an OptionManager's options are. */
export interface OptionStore {
  definitions(): OptionDef[];
  values(): OptionValue[];
  /** All of them or none. @throws VimFault InvalidName, InvalidArgument */
  set(changes: readonly OptionValue[]): Promise<void>;
}
