import { schemaText } from '../generated/schema-text.js';
import { VimSchema } from './vim-schema.js';

export function loadVimSchema(): VimSchema {
  return new VimSchema(schemaText);
}
