import type { CodecError } from '../../vim/index.js';
import { type VimFault, vimFault } from '../object/vim-fault.js';

/** What a message that cannot be understood is answered with. */
export function codecFault(error: CodecError): VimFault {
  switch (error.code) {
    case 'WrongType':
    case 'UnknownType':
      return vimFault('InvalidType', { argument: error.path }, error.message);
    case 'MissingField':
    case 'RepeatedField':
    case 'UnknownField':
      return vimFault('InvalidArgument', { invalidProperty: error.path }, error.message);
    default:
      return vimFault('InvalidRequest', {}, error.message);
  }
}
