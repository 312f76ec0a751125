export type GuestBuildErrorCode =
  | 'ToolMissing'
  | 'CommandFailed'
  | 'PackageMissing'
  | 'BadKernel'
  | 'BadModule'
  | 'BadPackage'
  | 'TooLarge'
  | 'Unreadable'
  | 'UnknownGuest';

export interface GuestBuildDetails {
  readonly tool?: string;
  readonly package?: string;
  readonly command?: string;
  readonly exitCode?: number | null;
  readonly output?: string;
  readonly reason?: string;
  readonly guest?: string;
}

/** Why a guest image could not be made; `message` already says what to do about it. */
export class GuestBuildError extends Error {
  override readonly name = 'GuestBuildError';

  constructor(
    readonly code: GuestBuildErrorCode,
    message: string,
    readonly details: GuestBuildDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
