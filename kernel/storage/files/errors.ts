import { VmkernelError, type VmkernelErrorCode } from '../../abi/index.js';

const codes: Readonly<Record<string, VmkernelErrorCode>> = {
  ENOENT: 'NotFound',
  EEXIST: 'AlreadyExists',
  ENOTDIR: 'NotADirectory',
  ENOTEMPTY: 'NotEmpty',
  EACCES: 'PermissionDenied',
  EPERM: 'PermissionDenied',
  EROFS: 'PermissionDenied',
  // Ways out of the datastore: symbolic links and "..".
  ELOOP: 'PermissionDenied',
  EXDEV: 'PermissionDenied',
  ENOSPC: 'NoSpace',
  EDQUOT: 'NoSpace',
  EFBIG: 'NoSpace',
  EISDIR: 'InvalidArgument',
  EINVAL: 'InvalidArgument',
  ENAMETOOLONG: 'InvalidArgument',
  EBUSY: 'Busy',
  ETXTBSY: 'Busy',
};

/** Codes that say all; with others the system's own word says what is wrong. */
const texts: Partial<Readonly<Record<VmkernelErrorCode, string>>> = {
  NotFound: 'was not found',
  AlreadyExists: 'is there already',
  NotADirectory: 'is no folder',
  NotEmpty: 'is not empty',
  NoSpace: 'no space is left on the datastore',
  Busy: 'is in use',
};

/** The VMkernel's word for what Linux said of a datastore file. */
export function fileError(error: unknown, path: string): VmkernelError {
  if (error instanceof VmkernelError) return error;
  const errno = errnoOf(error);
  const code = codes[errno] ?? 'IoError';
  return new VmkernelError(code, `${path}: ${texts[code] ?? errno}`, { path, errno });
}

function errnoOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code;
  return String(error);
}
