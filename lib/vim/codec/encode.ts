import { type FieldDefinition, primitiveTypes } from '../schema/definitions.js';
import { type ApiVersion, versionIndex } from '../schema/versions.js';
import type { VimSchema } from '../schema/vim-schema.js';
import { arrayTypeName } from './array-types.js';
import { encodePrimitive, escapeAttribute, primitiveTypeOf } from './primitives.js';
import { CodecError, ManagedObjectReference, TypedValue, typeNameOf } from './values.js';

interface Declared {
  readonly type: string;
  readonly array: boolean;
}

/**
 * Writes values as XML in the schema's order, with the fields of one API version and no others. A data object
 * whose type is newer than that version is written as its nearest older ancestor. xsi:type is written where
 * the declared type is anyType or has subtypes, and on members of ArrayOf values.
 */
export class Encoder {
  readonly #schema: VimSchema;
  readonly #version: number;
  readonly #out: string[] = [];

  constructor(schema: VimSchema, version: ApiVersion) {
    this.#schema = schema;
    this.#version = versionIndex(version);
  }

  toString(): string {
    return this.#out.join('');
  }

  raw(xml: string): void {
    this.#out.push(xml);
  }

  /** One element, or as many as the array has; nothing for undefined. */
  element(tag: string, declared: Declared, value: unknown): void {
    if (value === undefined || value === null) return;
    if (!declared.array) {
      this.#single(tag, declared.type, value, false);
      return;
    }
    if (!Array.isArray(value)) throw unencodable(tag, `an array of ${declared.type} is needed`);
    for (const member of value) this.#single(tag, declared.type, member, false);
  }

  /** The fields of a data object or the parameters of a method, in schema order. */
  fields(fields: readonly FieldDefinition[], source: object, owner: string): void {
    const record = source as Readonly<Record<string, unknown>>;
    for (const field of fields) {
      if (field.since > this.#version) continue;
      const value = record[field.name];
      if (value === undefined && !field.optional && !field.array) {
        throw unencodable(`${owner}.${field.name}`, 'a required field has no value');
      }
      this.element(field.name, field, value);
    }
  }

  #single(tag: string, declared: string, value: unknown, alwaysTyped: boolean): void {
    if (declared === 'anyType') {
      this.#any(tag, value);
      return;
    }
    const definition = this.#schema.type(declared);
    if (definition?.kind === 'managed') this.#reference(tag, value, alwaysTyped);
    else if (definition?.kind === 'data') this.#data(tag, declared, value, alwaysTyped);
    else this.#text(tag, declared, value, alwaysTyped);
  }

  #any(tag: string, value: unknown): void {
    if (value instanceof TypedValue) {
      if (value.array) this.#arrayOf(tag, value.type, value.value);
      else if (value.type === 'anyType') this.#any(tag, value.value);
      else this.#single(tag, value.type, value.value, true);
      return;
    }
    if (value instanceof ManagedObjectReference) {
      this.#reference(tag, value, true);
      return;
    }
    const type = typeNameOf(value) ?? primitiveTypeOf(value);
    if (type === undefined) throw unencodable(tag, 'a value for anyType does not say its type');
    this.#single(tag, type, value, true);
  }

  #arrayOf(tag: string, type: string, members: unknown): void {
    if (!Array.isArray(members)) throw unencodable(tag, `an array of ${type} is needed`);
    const { arrayName, memberName } = arrayTypeName(this.#schema, type);
    this.#out.push(`<${tag} xsi:type="${arrayName}">`);
    for (const member of members) this.#single(memberName, type, member, true);
    this.#out.push(`</${tag}>`);
  }

  #reference(tag: string, value: unknown, typed: boolean): void {
    if (!(value instanceof ManagedObjectReference))
      throw unencodable(tag, 'a managed object reference is needed');
    const mark = typed ? ' xsi:type="ManagedObjectReference"' : '';
    const type = escapeAttribute(value.type);
    this.#out.push(`<${tag} type="${type}"${mark}>${encodePrimitive('string', value.value, tag)}</${tag}>`);
  }

  #data(tag: string, declared: string, value: unknown, alwaysTyped: boolean): void {
    if (typeof value !== 'object' || value === null) throw unencodable(tag, `a ${declared} is needed`);
    const actual = this.#knownType(typeNameOf(value) ?? declared, declared, tag);
    const typed = alwaysTyped || actual !== declared || this.#schema.hasSubtypes(declared);
    this.#out.push(typed ? `<${tag} xsi:type="${actual}">` : `<${tag}>`);
    this.fields(this.#schema.fields(actual), value, actual);
    this.#out.push(`</${tag}>`);
  }

  /** The actual type, or the nearest ancestor of it that the version has. */
  #knownType(actual: string, declared: string, tag: string): string {
    if (!this.#schema.isA(actual, declared)) throw unencodable(tag, `${actual} is not a ${declared}`);
    let name = actual;
    while (name !== declared && (this.#schema.type(name)?.since ?? 0) > this.#version) {
      name = this.#schema.baseOf(name) ?? declared;
    }
    return name;
  }

  #text(tag: string, declared: string, value: unknown, typed: boolean): void {
    const xsd = primitiveTypes[declared];
    const mark = typed ? ` xsi:type="${xsd === undefined ? declared : `xsd:${xsd}`}"` : '';
    this.#out.push(`<${tag}${mark}>${encodePrimitive(xsd ?? 'string', value, tag)}</${tag}>`);
  }
}

function unencodable(path: string, message: string): CodecError {
  return new CodecError('UnencodableValue', path, message);
}
