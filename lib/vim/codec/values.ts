/**
 * Values as they stand in memory. Data objects are plain objects with the schema's field names; `_type` names
 * the actual type and is needed wherever it is not the declared one. long is a number, or a bigint beyond
 * 2^53; dateTime is a Date; base64Binary a Uint8Array; a reference to a managed object is a
 * ManagedObjectReference; an absent optional field is undefined.
 */
export interface DataObject {
  readonly _type?: string;
}

export class ManagedObjectReference {
  readonly type: string;
  readonly value: string;

  constructor(type: string, value: string) {
    this.type = type;
    this.value = value;
  }
}

/** A value for a field declared anyType together with its type, such as `int`, `VirtualDevice[]`. */
export class TypedValue {
  readonly type: string;
  readonly array: boolean;
  readonly value: unknown;

  constructor(type: string, array: boolean, value: unknown) {
    this.type = type;
    this.array = array;
    this.value = value;
  }
}

/** Plain value of a field declared anyType, whether or not it came with its type. */
export function untyped(value: unknown): unknown {
  return value instanceof TypedValue ? value.value : value;
}

/** The actual type of a data object, if it says so. */
export function typeNameOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('_type' in value)) return undefined;
  return typeof value._type === 'string' ? value._type : undefined;
}

export type CodecErrorCode =
  | 'BrokenXml'
  | 'NotSoap'
  | 'TooDeep'
  | 'TooManyElements'
  | 'TooManyAttributes'
  | 'TooLong'
  | 'DoctypeRefused'
  | 'UnknownMethod'
  | 'UnknownType'
  | 'UnknownField'
  | 'MissingField'
  | 'RepeatedField'
  | 'WrongType'
  | 'UnencodableValue';

/** What is wrong with a message; path is the dotted place within it, such as `spec.objectSet`. */
export class CodecError extends Error {
  readonly code: CodecErrorCode;
  readonly path: string;

  constructor(code: CodecErrorCode, path: string, message: string) {
    super(path === '' ? message : `${path}: ${message}`);
    this.name = 'CodecError';
    this.code = code;
    this.path = path;
  }
}
