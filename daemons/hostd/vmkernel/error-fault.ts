import Database from 'better-sqlite3';
import { VmkernelError } from '../../../kernel/abi/index.js';
import { VimFault, vimFault } from '../../../lib/vim-server/index.js';
import { VmxError } from '../../../lib/vmx/index.js';
import { vmkernelFault } from './vmkernel-fault.js';

/** Any error as a fault. What nobody foresaw is told to `onUnexpected`, and to the client without its text. */
export function errorFault(error: unknown, onUnexpected: (error: unknown) => void): VimFault {
  if (error instanceof VimFault) return error;
  if (error instanceof VmkernelError) return vmkernelFault(error);
  if (error instanceof VmxError) {
    return vimFault('InvalidVmConfig', { property: error.key }, error.message);
  }
  if (error instanceof Database.SqliteError && error.code === 'SQLITE_FULL') {
    const fields = { file: '/etc/vmware/hostd/hostd.sqlite', datastore: '' };
    return vimFault('NoDiskSpace', fields, 'There is no space left for what the host keeps of itself.');
  }
  onUnexpected(error);
  return vimFault(
    'SystemError',
    { reason: 'internal error' },
    'A general system error occurred: internal error',
  );
}
