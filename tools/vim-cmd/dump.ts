import {
  type FieldDefinition,
  ManagedObjectReference,
  TypedValue,
  typeNameOf,
  type VimSchema,
  versionIndex,
} from '../../lib/vim/index.js';
import { TYPE_NAMES } from './generated/type-names.js';

const INDENT = '   ';
const UNSET = '<unset>';
/** The version that vim-cmd speaks: what is newer is not there, rather than unset. */
const VERSION = versionIndex('2.5');

/** Prints values as the product's tool does: type, then every field in the schema's order, unset ones too. */
export class Dump {
  readonly #schema: VimSchema;
  readonly #names = new Map(
    TYPE_NAMES.trim()
      .split('\n')
      .map(line => line.split(' ') as [string, string]),
  );

  constructor(schema: VimSchema) {
    this.#schema = schema;
  }

  /** @param type as declared, of a member where `array` is set */
  text(value: unknown, type: string, array = false): string {
    return `${this.#value(value, { type, array }, '')}\n`;
  }

  /** Such as `vim.vm.Summary` for VirtualMachineSummary. */
  typeName(type: string): string {
    if (this.#schema.type(type) === undefined) return type;
    if (this.#schema.isA(type, 'Event')) return `vim.event.${type}`;
    if (this.#schema.isA(type, 'MethodFault')) return `vim.fault.${type}`;
    return `vim.${this.#names.get(type) ?? type}`;
  }

  #value(value: unknown, declared: Pick<FieldDefinition, 'type' | 'array'>, indent: string): string {
    if (value instanceof TypedValue) return this.#value(value.value, value, indent);
    const isData = this.#schema.type(declared.type)?.kind === 'data';
    if (value === undefined || value === null)
      return isData && !declared.array ? `(${this.typeName(declared.type)}) null` : UNSET;
    if (declared.array && Array.isArray(value)) return this.#array(value, declared.type, indent);
    if (value instanceof ManagedObjectReference) return `'${this.typeName(value.type)}:${value.value}'`;
    if (value instanceof Date) return `"${value.toISOString()}"`;
    if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`;
    if (typeof value === 'object') return this.#object(value, declared.type, indent);
    return typeof value === 'string' ? `"${value}"` : String(value);
  }

  #array(members: readonly unknown[], type: string, indent: string): string {
    const head = `(${this.#schema.isManaged(type) ? 'ManagedObjectReference' : this.typeName(type)}) [`;
    if (members.length === 0) return `${head}]`;
    const inside = indent + INDENT;
    const lines = members.map(member => inside + this.#value(member, { type, array: false }, inside));
    return `${head}\n${lines.join(',\n')}\n${indent}]`;
  }

  #object(value: object, declared: string, indent: string): string {
    const type = typeNameOf(value) ?? declared;
    const inside = indent + INDENT;
    const record = value as Readonly<Record<string, unknown>>;
    const fields = this.#schema.fields(type).filter(field => field.since <= VERSION);
    const lines = fields
      .filter(field => !DYNAMIC.has(field.name))
      .map(field => `${inside}${field.name} = ${this.#value(record[field.name], field, inside)},\n`);
    return `(${this.typeName(type)}) {\n${inside}dynamicType = ${UNSET},\n${lines.join('')}${indent}}`;
  }
}

/** Members of every data object that no server sets; only the first is printed. */
const DYNAMIC = new Set(['dynamicType', 'dynamicProperty']);
