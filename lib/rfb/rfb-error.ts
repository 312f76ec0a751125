/** Why a server ended a viewer's connection. */
export type RfbDefect =
  | 'BadVersion'
  | 'BadSecurityType'
  | 'AuthenticationFailed'
  | 'Refused'
  | 'UnknownMessage'
  | 'BadPixelFormat'
  | 'TooManyEncodings'
  | 'TextTooLong';

/** A viewer that did what the protocol does not allow, or was not let in. */
export class RfbError extends Error {
  override readonly name = 'RfbError';

  constructor(
    readonly code: RfbDefect,
    message: string,
  ) {
    super(message);
  }
}
