import { type FieldDefinition, primitiveTypes } from '../schema/definitions.js';
import type { VimSchema } from '../schema/vim-schema.js';
import { arrayMemberType } from './array-types.js';
import { decodePrimitive } from './primitives.js';
import { CodecError, ManagedObjectReference, TypedValue } from './values.js';
import { attributeOf, type XmlElement } from './xml-reader.js';

export const xsiNamespace = 'http://www.w3.org/2001/XMLSchema-instance';

/**
 * Reads values of declared types out of XML elements. Fields may come in any order and in any version; a field
 * that the schema does not know, a value of another type and a missing required field are errors.
 */
export class Decoder {
  readonly #schema: VimSchema;
  readonly #version: number;

  /** @param version position of the peer's version: fields introduced later are never required. */
  constructor(schema: VimSchema, version: number) {
    this.#schema = schema;
    this.#version = version;
  }

  /** The fields of a data object or the parameters of a method as a plain object. */
  fields(element: XmlElement, fields: readonly FieldDefinition[], path: string): Record<string, unknown> {
    const record: Record<string, unknown> = {};
    for (const child of element.children) {
      const field = fields.find(known => known.name === child.name);
      const at = path === '' ? child.name : `${path}.${child.name}`;
      if (field === undefined) throw new CodecError('UnknownField', at, 'there is no such field');
      this.#takeField(record, field, child, at);
    }
    for (const field of fields) {
      if (field.optional || record[field.name] !== undefined) continue;
      // On the wire an array without members is no element at all.
      if (field.array) record[field.name] = [];
      else if (field.since <= this.#version) {
        const at = path === '' ? field.name : `${path}.${field.name}`;
        throw new CodecError('MissingField', at, 'a required field is missing');
      }
    }
    return record;
  }

  #takeField(record: Record<string, unknown>, field: FieldDefinition, child: XmlElement, path: string): void {
    if (isNil(child)) return;
    const value = this.value(child, field.type, path);
    const before = record[field.name];
    if (field.array) {
      if (Array.isArray(before)) before.push(value);
      else record[field.name] = [value];
      return;
    }
    if (before !== undefined) throw new CodecError('RepeatedField', path, 'the field is there twice');
    record[field.name] = value;
  }

  value(element: XmlElement, declared: string, path: string): unknown {
    if (declared === 'anyType') return this.#any(element, path);
    const definition = this.#schema.type(declared);
    if (definition?.kind === 'managed') return this.#reference(element, declared);
    if (definition?.kind === 'data') return this.#data(element, declared, path);
    refuseChildren(element, path);
    if (definition?.kind === 'enum') {
      if (definition.values.includes(element.text)) return element.text;
      throw new CodecError('WrongType', path, `"${element.text.slice(0, 40)}" is not a ${declared}`);
    }
    return decodePrimitive(primitiveTypes[declared] ?? 'string', element.text, path);
  }

  #reference(element: XmlElement, declared: string): ManagedObjectReference {
    return new ManagedObjectReference(attributeOf(element, 'type') ?? declared, element.text.trim());
  }

  #data(element: XmlElement, declared: string, path: string): Record<string, unknown> {
    const actual = localTypeName(element) ?? declared;
    if (this.#schema.type(actual)?.kind !== 'data') {
      throw new CodecError('UnknownType', path, `there is no type ${actual}`);
    }
    if (!this.#schema.isA(actual, declared)) {
      throw new CodecError('WrongType', path, `${actual} is not a ${declared}`);
    }
    return { ...this.fields(element, this.#schema.fields(actual), path), _type: actual };
  }

  #any(element: XmlElement, path: string): unknown {
    const type = localTypeName(element);
    if (type === undefined) {
      refuseChildren(element, path);
      return element.text;
    }
    if (type === 'ManagedObjectReference') return this.#reference(element, 'ManagedObject');
    const member = arrayMemberType(this.#schema, type);
    if (member !== undefined) {
      const members = element.children.map((child, index) => this.value(child, member, `${path}[${index}]`));
      return new TypedValue(member, true, members);
    }
    if (primitiveTypes[type] === undefined && this.#schema.type(type) === undefined) {
      throw new CodecError('UnknownType', path, `there is no type ${type}`);
    }
    const value = this.value(element, type, path);
    return this.#schema.type(type)?.kind === 'data' ? value : new TypedValue(type, false, value);
  }
}

function isNil(element: XmlElement): boolean {
  const nil = attributeOf(element, 'nil', xsiNamespace);
  return nil === 'true' || nil === '1';
}

/** The xsi:type without its prefix. */
function localTypeName(element: XmlElement): string | undefined {
  const type = attributeOf(element, 'type', xsiNamespace)?.trim();
  return type?.slice(type.indexOf(':') + 1);
}

function refuseChildren(element: XmlElement, path: string): void {
  if (element.children.length > 0)
    throw new CodecError('WrongType', path, 'elements where a simple value belongs');
}
