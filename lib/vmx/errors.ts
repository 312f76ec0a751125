/** What can be wrong with a .vmx; `line` counts from 1, 0 means the file as a whole. */
export type VmxDefect =
  | 'TooLarge'
  | 'LineTooLong'
  | 'TooManyLines'
  | 'ContainsNul'
  | 'UnsupportedEncoding'
  | 'NotInEncoding'
  | 'NotAnAssignment'
  | 'BadKey'
  | 'UnterminatedQuote'
  | 'TrailingText'
  | 'StrayQuote'
  | 'DuplicateKey'
  | 'BadValue';

export class VmxError extends Error {
  readonly code = 'InvalidVmx';

  constructor(
    readonly reason: VmxDefect,
    readonly line: number,
    readonly key?: string,
  ) {
    super(`line ${line}: ${reason}${key === undefined ? '' : ` (${key})`}`);
    this.name = 'VmxError';
  }
}
