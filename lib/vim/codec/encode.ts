import type { FieldDefinition } from '../schema/definitions.js';
import { type ApiVersion, versionIndex } from '../schema/versions.js';
import type { VimSchema } from '../schema/vim-schema.js';
import { EncodingPlans, type FieldPlan, type TypePlan } from './encoding-plan.js';
import { textsOf } from './lasting.js';
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
  readonly #plans: EncodingPlans;
  #out = '';

  constructor(schema: VimSchema, version: ApiVersion) {
    this.#plans = EncodingPlans.of(schema, versionIndex(version));
  }

  toString(): string {
    return this.#out;
  }

  raw(xml: string): void {
    this.#out += xml;
  }

  /** One element, or as many as the array has; nothing for undefined. */
  element(tag: string, declared: Declared, value: unknown): void {
    this.#element(tag, this.#plans.type(declared.type), declared.array, value);
  }

  /** The fields of a data object. */
  members(type: string, source: object): void {
    this.#fields(this.#plans.fields(type), source, type);
  }

  /** The parameters of a method, in schema order. */
  fields(fields: readonly FieldDefinition[], source: object, owner: string): void {
    this.#fields(this.#plans.plan(fields), source, owner);
  }

  #fields(plans: readonly FieldPlan[], source: object, owner: string): void {
    const record = source as Readonly<Record<string, unknown>>;
    for (const plan of plans) {
      const value = record[plan.name];
      if (value !== undefined && value !== null) this.#element(plan.name, plan.type, plan.array, value);
      else if (value === undefined && plan.required) {
        throw unencodable(`${owner}.${plan.name}`, 'a required field has no value');
      }
    }
  }

  #element(tag: string, type: TypePlan, array: boolean, value: unknown): void {
    if (value === undefined || value === null) return;
    if (!array) {
      this.#single(tag, type, value, false);
      return;
    }
    if (!Array.isArray(value)) throw unencodable(tag, `an array of ${type.name} is needed`);
    for (const member of value) this.#single(tag, type, member, false);
  }

  #single(tag: string, type: TypePlan, value: unknown, alwaysTyped: boolean): void {
    if (type.kind === 'text') this.#text(tag, type, value, alwaysTyped);
    else if (type.kind === 'data') this.#data(tag, type, value, alwaysTyped);
    else if (type.kind === 'reference') this.#reference(tag, value, alwaysTyped);
    else this.#any(tag, value);
  }

  #any(tag: string, value: unknown): void {
    if (value instanceof TypedValue) {
      if (value.array) this.#arrayOf(tag, value.type, value.value);
      else if (value.type === 'anyType') this.#any(tag, value.value);
      else this.#single(tag, this.#plans.type(value.type), value.value, true);
      return;
    }
    if (value instanceof ManagedObjectReference) {
      this.#reference(tag, value, true);
      return;
    }
    const type = typeNameOf(value) ?? primitiveTypeOf(value);
    if (type === undefined) throw unencodable(tag, 'a value for anyType does not say its type');
    this.#single(tag, this.#plans.type(type), value, true);
  }

  #arrayOf(tag: string, type: string, members: unknown): void {
    if (!Array.isArray(members)) throw unencodable(tag, `an array of ${type} is needed`);
    const { arrayName, memberName } = this.#plans.array(type);
    const plan = this.#plans.type(type);
    this.#out += `<${tag} xsi:type="${arrayName}">`;
    for (const member of members) this.#single(memberName, plan, member, true);
    this.#out += `</${tag}>`;
  }

  #reference(tag: string, value: unknown, typed: boolean): void {
    if (!(value instanceof ManagedObjectReference))
      throw unencodable(tag, 'a managed object reference is needed');
    const mark = typed ? ' xsi:type="ManagedObjectReference"' : '';
    const type = escapeAttribute(value.type);
    this.#out += `<${tag} type="${type}"${mark}>${encodePrimitive('string', value.value, tag)}</${tag}>`;
  }

  #data(tag: string, declared: TypePlan, value: unknown, alwaysTyped: boolean): void {
    if (typeof value !== 'object' || value === null) throw unencodable(tag, `a ${declared.name} is needed`);
    const actual = typeNameOf(value) ?? declared.name;
    const written = actual === declared.name ? actual : this.#plans.writtenType(actual, declared.name);
    if (written === undefined) throw unencodable(tag, `${actual} is not a ${declared.name}`);
    const typed = alwaysTyped || declared.hasSubtypes || written !== declared.name;
    this.#out += typed ? `<${tag} xsi:type="${written}">` : `<${tag}>`;
    const texts = written === actual ? textsOf(value) : undefined;
    if (texts === undefined) this.#fields(this.#plans.fields(written), value, written);
    else this.#out += this.#lasting(written, value, texts);
    this.#out += `</${tag}>`;
  }

  /** What a lasting object contains is written once. */
  #lasting(type: string, value: object, texts: Map<object, string>): string {
    const known = texts.get(this.#plans);
    if (known !== undefined) return known;
    const before = this.#out;
    this.#out = '';
    try {
      this.#fields(this.#plans.fields(type), value, type);
      texts.set(this.#plans, this.#out);
      return this.#out;
    } finally {
      this.#out = before;
    }
  }

  #text(tag: string, { xsd, mark }: TypePlan, value: unknown, typed: boolean): void {
    this.#out += `<${tag}${typed ? mark : ''}>${encodePrimitive(xsd, value, tag)}</${tag}>`;
  }
}

function unencodable(path: string, message: string): CodecError {
  return new CodecError('UnencodableValue', path, message);
}
