/** Why a connection was ended: what its other end did. */
export type RfbDefect =
  | 'BadVersion'
  | 'BadSecurityType'
  | 'AuthenticationFailed'
  | 'Refused'
  | 'UnknownMessage'
  | 'BadPixelFormat'
  | 'TooManyEncodings'
  | 'TextTooLong'
  /** A server's. */
  | 'BadMessage';

/** The other end did what the protocol does not allow, or a viewer was not let in. */
export class RfbError extends Error {
  override readonly name = 'RfbError';

  constructor(
    readonly code: RfbDefect,
    message: string,
  ) {
    super(message);
  }
}
