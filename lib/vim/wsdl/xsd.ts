import { arrayTypeName } from '../codec/array-types.js';
import { type FieldDefinition, type MethodDefinition, primitiveTypes } from '../schema/definitions.js';
import type { VimSchema } from '../schema/vim-schema.js';

export const schemaStart =
  '<schema targetNamespace="urn:vim25" xmlns="http://www.w3.org/2001/XMLSchema" xmlns:vim25="urn:vim25"' +
  ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified">\n';

export const xmlStart = '<?xml version="1.0" encoding="UTF-8"?>\n';

export function includeFile(name: string): string {
  return `  <include schemaLocation="${name}"/>\n`;
}

/** Writes XML Schema declarations of the schema's types as one API version has them. */
export class XsdWriter {
  readonly #schema: VimSchema;
  readonly #version: number;

  constructor(schema: VimSchema, version: number) {
    this.#schema = schema;
    this.#version = version;
  }

  has(since: number): boolean {
    return since <= this.#version;
  }

  /** The type's declaration, or nothing when the version does not have it. */
  type(name: string): string {
    const definition = this.#schema.type(name);
    if (definition === undefined || !this.has(definition.since) || definition.kind === 'managed') return '';
    if (definition.kind === 'enum') {
      const values = definition.values.map(value => `      <enumeration value="${value}"/>\n`).join('');
      const restriction = `    <restriction base="xsd:string">\n${values}    </restriction>\n`;
      return `  <simpleType name="${name}">\n${restriction}  </simpleType>\n`;
    }
    const sequence = this.sequence(definition.own);
    if (definition.base === undefined) return `  <complexType name="${name}">\n${sequence}  </complexType>\n`;
    const extension = `<extension base="vim25:${definition.base}">\n${sequence}    </extension>`;
    return `  <complexType name="${name}"><complexContent>${extension}</complexContent></complexType>\n`;
  }

  arrayOf(name: string): string {
    const { arrayName, memberName } = arrayTypeName(this.#schema, name);
    const member = this.element(memberName, { type: name, array: true, optional: true });
    return `  <complexType name="${arrayName}"><sequence>\n${member}    </sequence></complexType>\n`;
  }

  requestType(method: MethodDefinition): string {
    const self = '      <element name="_this" type="vim25:ManagedObjectReference"/>\n';
    const sequence = `    <sequence>\n${self}${this.elements(method.parameters)}    </sequence>\n`;
    return `  <complexType name="${method.name}RequestType">\n${sequence}  </complexType>\n`;
  }

  response(method: MethodDefinition): string {
    const result = method.returns.type === 'void' ? '' : this.element('returnval', method.returns);
    const type = `<complexType><sequence>\n${result}    </sequence></complexType>`;
    return `  <element name="${method.name}Response">${type}</element>\n`;
  }

  sequence(fields: readonly FieldDefinition[]): string {
    return `    <sequence>\n${this.elements(fields)}    </sequence>\n`;
  }

  elements(fields: readonly FieldDefinition[]): string {
    return fields
      .filter(field => this.has(field.since))
      .map(field => this.element(field.name, field))
      .join('');
  }

  element(name: string, declared: { type: string; array: boolean; optional: boolean }): string {
    const minimum = declared.optional || declared.array ? ' minOccurs="0"' : '';
    const maximum = declared.array ? ' maxOccurs="unbounded"' : '';
    return `      <element name="${name}" type="${this.#typeName(declared.type)}"${minimum}${maximum}/>\n`;
  }

  #typeName(type: string): string {
    if (type === 'anyType') return 'xsd:anyType';
    const primitive = primitiveTypes[type];
    if (primitive !== undefined) return `xsd:${primitive}`;
    return this.#schema.isManaged(type) ? 'vim25:ManagedObjectReference' : `vim25:${type}`;
  }
}
