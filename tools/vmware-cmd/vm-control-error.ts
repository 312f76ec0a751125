import { VimClientError, VimClientFault } from '../../lib/vim-client/index.js';

/** A failure as the product tells it: a number that scripts look for, and words. */
export class VmControlError extends Error {
  override readonly name = 'VmControlError';
  constructor(
    readonly code: -1 | -8 | -11 | -14 | -999,
    message: string,
  ) {
    super(message);
  }
}

/** The command line is not understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const TEXTS: Readonly<Record<VmControlError['code'], string>> = {
  [-1]: 'Bad parameter',
  [-8]: "Invalid operation for virtual machine's current state",
  [-11]: 'No such virtual machine',
  [-14]: 'Unexpected response from the host agent',
  [-999]: 'Unknown error',
};

const WRONG_STATE: ReadonlySet<string> = new Set(['InvalidPowerState', 'InvalidState', 'TaskInProgress']);

export function notRegistered(path: string): VmControlError {
  const advice = `Please register the config file on the server.  For example:\nvmware-cmd -s register "${path}"`;
  return new VmControlError(-11, `The config file ${path} is not registered.\n${advice}`);
}

/** @returns undefined for what nobody expected */
export function asControlError(error: unknown): VmControlError | undefined {
  if (error instanceof VmControlError) return error;
  if (error instanceof VimClientError) return new VmControlError(-14, error.message);
  if (!(error instanceof VimClientFault)) return undefined;
  if (error.code === 'ToolsUnavailable')
    return new VmControlError(-999, 'VMware Tools are not running in the guest');
  return new VmControlError(WRONG_STATE.has(error.code) ? -8 : -999, error.message);
}

/** Lines on stderr. @param path of the machine that could not be reached at all */
export function errorText(error: VmControlError): string {
  const text = `VMControl error ${error.code}: ${TEXTS[error.code]}: ${error.message}`;
  if (error.code !== -11) return `${text}\n`;
  const path = /config file (.*) is not registered/.exec(error.message)?.[1] ?? '';
  return `/usr/bin/vmware-cmd: Could not connect to VM ${path}\n  (${text})\n`;
}
