import { type FieldDefinition, primitiveTypes } from '../schema/definitions.js';
import type { VimSchema } from '../schema/vim-schema.js';
import { arrayTypeName } from './array-types.js';

/** How values of one declared type are written. */
export interface TypePlan {
  readonly name: string;
  readonly kind: 'any' | 'reference' | 'data' | 'text';
  /** The XML Schema type of a simple value. */
  readonly xsd: string;
  /** ` xsi:type="…"` of a simple value, as it is written where its type must be named. */
  readonly mark: string;
  readonly hasSubtypes: boolean;
}

export interface FieldPlan {
  readonly name: string;
  readonly type: TypePlan;
  readonly array: boolean;
  readonly required: boolean;
}

/** What is known of a schema before there is a value: the fields of one API version, type by type, as they are used. */
export class EncodingPlans {
  readonly #schema: VimSchema;
  readonly #version: number;
  readonly #types = new Map<string, TypePlan>();
  readonly #fields = new Map<string, readonly FieldPlan[]>();
  readonly #written = new Map<string, ReadonlyMap<string, string>>();
  readonly #arrays = new Map<string, { arrayName: string; memberName: string }>();

  private constructor(schema: VimSchema, version: number) {
    this.#schema = schema;
    this.#version = version;
  }

  /** @param version position of an API version */
  static of(schema: VimSchema, version: number): EncodingPlans {
    return schema.derived(`encoding ${version}`, () => new EncodingPlans(schema, version));
  }

  type(name: string): TypePlan {
    const known = this.#types.get(name);
    if (known !== undefined) return known;
    const kind = this.#schema.type(name)?.kind;
    const xsd = primitiveTypes[name];
    const plan: TypePlan = {
      name,
      kind: name === 'anyType' ? 'any' : kind === 'managed' ? 'reference' : kind === 'data' ? 'data' : 'text',
      xsd: xsd ?? 'string',
      mark: ` xsi:type="${xsd === undefined ? name : `xsd:${xsd}`}"`,
      hasSubtypes: this.#schema.hasSubtypes(name),
    };
    this.#types.set(name, plan);
    return plan;
  }

  /** Of a data object, in schema order. */
  fields(type: string): readonly FieldPlan[] {
    const known = this.#fields.get(type);
    if (known !== undefined) return known;
    const plans = this.plan(this.#schema.fields(type));
    this.#fields.set(type, plans);
    return plans;
  }

  /** Of parameters, or of a type's fields: those that the version has. */
  plan(fields: readonly FieldDefinition[]): FieldPlan[] {
    return fields
      .filter(field => field.since <= this.#version)
      .map(({ name, type, array, optional }) => ({
        name,
        type: this.type(type),
        array,
        required: !optional && !array,
      }));
  }

  /** The actual type, or the nearest ancestor of it that the version has; undefined when it is none of the declared. */
  writtenType(actual: string, declared: string): string | undefined {
    const known = this.#written.get(declared)?.get(actual);
    if (known !== undefined) return known;
    if (!this.#schema.isA(actual, declared)) return undefined;
    let name = actual;
    while (name !== declared && (this.#schema.type(name)?.since ?? 0) > this.#version) {
      name = this.#schema.baseOf(name) ?? declared;
    }
    this.#written.set(declared, new Map([...(this.#written.get(declared) ?? []), [actual, name]]));
    return name;
  }

  array(type: string): { arrayName: string; memberName: string } {
    const known = this.#arrays.get(type);
    if (known !== undefined) return known;
    const names = arrayTypeName(this.#schema, type);
    this.#arrays.set(type, names);
    return names;
  }
}
