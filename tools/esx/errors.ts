export type FrontDoorErrorCode =
  | 'BadArguments'
  | 'GuestSilent'
  | 'HostDown'
  | 'HostFailed'
  | 'NotChecked'
  | 'NotRoot'
  | 'OtherRunning'
  | 'PortInUse'
  | 'RootUnusable'
  | 'SettingsDiffer'
  | 'ShmTooSmall'
  | 'StageFailed'
  | 'StepFailed'
  | 'UnknownVm'
  | 'VmFailed';

/** What ends a command: what happened and, where there is something to do about it, what. */
export class FrontDoorError extends Error {
  override readonly name = 'FrontDoorError';
  constructor(
    readonly code: FrontDoorErrorCode,
    message: string,
    readonly advice?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
