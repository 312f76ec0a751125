/** One field of a data object, one property of a managed object or one parameter of a method. */
export interface FieldDefinition {
  readonly name: string;
  /** WSDL name without the array mark. */
  readonly type: string;
  readonly array: boolean;
  readonly optional: boolean;
  /** Position in apiVersions of the version that introduced it. */
  readonly since: number;
}

export interface DataDefinition {
  readonly kind: 'data';
  readonly name: string;
  readonly base: string | undefined;
  readonly since: number;
  /** Own fields only, in the order of the schema. */
  readonly own: readonly FieldDefinition[];
}

export interface ManagedDefinition {
  readonly kind: 'managed';
  readonly name: string;
  readonly base: string | undefined;
  readonly since: number;
  readonly own: readonly FieldDefinition[];
}

export interface EnumDefinition {
  readonly kind: 'enum';
  readonly name: string;
  readonly since: number;
  readonly values: readonly string[];
}

export type TypeDefinition = DataDefinition | ManagedDefinition | EnumDefinition;

export interface MethodDefinition {
  readonly name: string;
  /** The managed type that declares it. */
  readonly on: string;
  readonly since: number;
  readonly parameters: readonly FieldDefinition[];
  readonly returns: { readonly type: string; readonly array: boolean; readonly optional: boolean };
  /** Undefined: decided by the arguments. */
  readonly privilege: string | undefined;
  readonly faults: readonly string[];
}

/** Type names that are values of their own, with their XML Schema names. */
export const primitiveTypes: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  byte: 'byte',
  short: 'short',
  int: 'int',
  long: 'long',
  float: 'float',
  double: 'double',
  string: 'string',
  dateTime: 'dateTime',
  base64Binary: 'base64Binary',
  TypeName: 'string',
  MethodName: 'string',
  PropertyPath: 'string',
};
