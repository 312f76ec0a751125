import { primitiveTypes } from '../schema/definitions.js';
import type { VimSchema } from '../schema/vim-schema.js';

/** XML Schema name of a primitive to the suffix of its ArrayOf type. */
const primitiveArrayNames: Readonly<Record<string, string>> = {
  boolean: 'Boolean',
  byte: 'Byte',
  short: 'Short',
  int: 'Int',
  long: 'Long',
  float: 'Float',
  double: 'Double',
  string: 'String',
  dateTime: 'DateTime',
  base64Binary: 'Base64Binary',
};

/** How an array of the type is called as a value of its own, and how its members' elements are called. */
export function arrayTypeName(schema: VimSchema, type: string): { arrayName: string; memberName: string } {
  if (type === 'anyType') return { arrayName: 'ArrayOfAnyType', memberName: 'anyType' };
  const xsd = primitiveTypes[type];
  if (xsd !== undefined) return { arrayName: `ArrayOf${primitiveArrayNames[xsd]}`, memberName: xsd };
  const name = schema.isManaged(type) ? 'ManagedObjectReference' : type;
  return { arrayName: `ArrayOf${name}`, memberName: name };
}

/** The member type of an ArrayOf name, or undefined when it is not one. References give ManagedObject. */
export function arrayMemberType(schema: VimSchema, arrayName: string): string | undefined {
  if (!arrayName.startsWith('ArrayOf')) return undefined;
  const name = arrayName.slice('ArrayOf'.length);
  if (name === 'AnyType') return 'anyType';
  if (name === 'ManagedObjectReference') return 'ManagedObject';
  const primitive = Object.entries(primitiveArrayNames).find(([, suffix]) => suffix === name);
  if (primitive !== undefined) return primitive[0];
  return schema.type(name) === undefined ? undefined : name;
}
