/** What can be wrong with a descriptor; `line` counts from 1, 0 means the file as a whole. */
export type DescriptorDefect =
  | 'TooLarge'
  | 'TooManyLines'
  | 'LineTooLong'
  | 'TooManyExtents'
  | 'ContainsNul'
  | 'NotADescriptor'
  | 'NotUnderstood'
  | 'DuplicateKey'
  | 'MissingKey'
  | 'BadValue'
  | 'BadExtent'
  | 'NoExtent'
  | 'CapacityTooLarge';

export class InvalidDescriptor extends Error {
  override readonly name = 'InvalidDescriptor';
  readonly code = 'InvalidDescriptor';

  constructor(
    readonly reason: DescriptorDefect,
    readonly line: number,
    readonly key?: string,
  ) {
    super(`line ${line}: ${reason}${key === undefined ? '' : ` (${key})`}`);
  }
}
