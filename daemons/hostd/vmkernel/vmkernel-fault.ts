import type { VmkernelError, VmkernelErrorCode } from '../../../kernel/abi/index.js';
import { notSupported, requestCanceled, type VimFault, vimFault } from '../../../lib/vim-server/index.js';

type Translate = (error: VmkernelError, details: Details) => VimFault;

/** Typed reading of an error's details: what is not there becomes nothing or 0, never an error of its own. */
class Details {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  text(name: string): string {
    const value = this.#values[name];
    return typeof value === 'string' ? value : '';
  }

  number(name: string): number {
    const value = this.#values[name];
    return typeof value === 'number' ? value : 0;
  }
}

const systemError: Translate = error => vimFault('SystemError', { reason: error.message }, error.message);

const cannotAccess: Translate = (error, details) =>
  vimFault('CannotAccessFile', { file: details.text('path') }, error.message);

/** What each error of the VMkernel is to a client of the VIM API. */
const translations: Readonly<Record<VmkernelErrorCode, Translate>> = {
  AbiMismatch: systemError,
  AlreadyExists: (error, details) =>
    vimFault('FileAlreadyExists', { file: details.text('path') }, error.message),
  Busy: (error, details) => vimFault('ResourceInUse', { name: details.text('path') }, error.message),
  Cancelled: () => requestCanceled(),
  ConnectionLost: error => vimFault('HostNotConnected', {}, error.message),
  DeviceUnsupported: (error, details) => {
    return vimFault('DeviceNotSupported', { device: details.text('device'), reason: 'host' }, error.message);
  },
  DiskMissing: (error, details) => vimFault('FileNotFound', { file: details.text('path') }, error.message),
  DiskTooShort: cannotAccess,
  FileLocked: (error, details) => vimFault('FileLocked', { file: details.text('path') }, error.message),
  GuestOs64NotSupported: (error, details) => {
    const fields = { property: 'guestId', unsupportedGuestOS: details.text('guestOS') };
    return vimFault('UnsupportedGuest', fields, error.message);
  },
  InsufficientCpu: (error, details) => {
    const fields = { unreserved: details.number('availableMhz'), requested: details.number('neededMhz') };
    return vimFault('InsufficientCpuResourcesFault', fields, error.message);
  },
  InsufficientMemory: (error, details) => {
    const unreserved = details.number('availableKb') * 1024;
    const requested = details.number('neededKb') * 1024;
    return vimFault('InsufficientMemoryResourcesFault', { unreserved, requested }, error.message);
  },
  Internal: systemError,
  InvalidArgument: error => vimFault('InvalidArgument', {}, error.message),
  InvalidDescriptor: error => vimFault('InvalidDiskFormat', {}, error.message),
  InvalidPowerState: error => {
    const states = { requestedState: 'poweredOff', existingState: 'poweredOn' } as const;
    return vimFault('InvalidPowerState', states, error.message);
  },
  InvalidState: error => vimFault('InvalidState', {}, error.message),
  InvalidVmx: (error, details) =>
    vimFault('InvalidVmConfig', { property: details.text('key') }, error.message),
  IoError: cannotAccess,
  LimitExceeded: error => vimFault('InsufficientResourcesFault', {}, error.message),
  MemorySizeNotSupported: (error, details) => {
    const minMemorySizeMB = details.number('minMb');
    const fields = {
      memorySizeMB: details.number('mb'),
      minMemorySizeMB,
      maxMemorySizeMB: details.number('maxMb'),
    };
    return vimFault('MemorySizeNotSupported', fields, error.message);
  },
  NoSpace: (error, details) => {
    return vimFault(
      'NoDiskSpace',
      { file: details.text('path'), datastore: details.text('label') },
      error.message,
    );
  },
  NotADirectory: cannotAccess,
  NotEmpty: cannotAccess,
  NotFound: (error, details) => vimFault('FileNotFound', { file: details.text('path') }, error.message),
  NotSupported: () => notSupported(),
  NumVirtualCpusNotSupported: (error, details) => {
    const fields = { maxSupportedVcpusDest: details.number('max'), numCpuVm: details.number('count') };
    return vimFault('NumVirtualCpusNotSupported', fields, error.message);
  },
  PermissionDenied: cannotAccess,
  ShmTooSmall: systemError,
  TooManyVcpus: (error, details) => {
    return vimFault(
      'NotEnoughCpus',
      { numCpuDest: details.number('max'), numCpuVm: details.number('count') },
      error.message,
    );
  },
  VmxDied: error => vimFault('GenericVmConfigFault', { reason: error.message }, error.message),
};

export function vmkernelFault(error: VmkernelError): VimFault {
  return translations[error.code](error, new Details(error.details));
}
