import { type MethodDefinition, primitiveTypes } from '../schema/definitions.js';
import { type ApiVersion, versionIndex } from '../schema/versions.js';
import type { VimSchema } from '../schema/vim-schema.js';
import { partitionTypes, partOfMethod, type SchemaPart } from './partition.js';
import { includeFile, schemaStart, XsdWriter, xmlStart } from './xsd.js';

export const wsdlFileNames = [
  'vimService.wsdl',
  'vim.wsdl',
  'core-types.xsd',
  'query-types.xsd',
  'query-messagetypes.xsd',
  'reflect-types.xsd',
  'reflect-messagetypes.xsd',
  'vim-types.xsd',
  'vim-messagetypes.xsd',
] as const;

export type WsdlFileName = (typeof wsdlFileNames)[number];

const managedObjectReference =
  '  <complexType name="ManagedObjectReference"><simpleContent><extension base="xsd:string">\n' +
  '    <attribute name="type" type="xsd:string"/>\n' +
  '  </extension></simpleContent></complexType>\n';

/** The WSDL and XML Schema files of one API version, made from the schema. */
export class WsdlSet {
  readonly #schema: VimSchema;
  readonly #version: ApiVersion;
  readonly #xsd: XsdWriter;

  constructor(schema: VimSchema, version: ApiVersion) {
    this.#schema = schema;
    this.#version = version;
    this.#xsd = new XsdWriter(schema, versionIndex(version));
  }

  /** @param endpoint URL that the service's port names. */
  file(name: WsdlFileName, endpoint: string): string {
    switch (name) {
      case 'vimService.wsdl':
        return serviceFile(endpoint);
      case 'vim.wsdl':
        return this.#bindingFile();
      case 'core-types.xsd':
        return this.#typesFile('core', []);
      case 'query-types.xsd':
        return this.#typesFile('query', ['core-types.xsd']);
      case 'reflect-types.xsd':
        return this.#typesFile('reflect', ['core-types.xsd']);
      case 'vim-types.xsd':
        return this.#typesFile('vim', ['core-types.xsd', 'query-types.xsd', 'reflect-types.xsd']);
      case 'query-messagetypes.xsd':
        return this.#messageTypesFile('query', 'query-types.xsd');
      case 'reflect-messagetypes.xsd':
        return this.#messageTypesFile('reflect', 'reflect-types.xsd');
      case 'vim-messagetypes.xsd':
        return this.#messageTypesFile('vim', 'vim-types.xsd');
    }
  }

  #methods(): MethodDefinition[] {
    return this.#schema
      .methodNames()
      .map(name => this.#schema.method(name))
      .filter(method => method !== undefined)
      .filter(method => this.#xsd.has(method.since));
  }

  #typesFile(part: SchemaPart, includes: readonly string[]): string {
    const parts = partitionTypes(this.#schema);
    const partOf = (name: string): SchemaPart => parts.get(name) ?? 'core';
    const names = [...parts.keys()].filter(name => partOf(name) === part).sort();
    const arrays = [...this.#arrayMembers()].filter(name => partOf(name) === part).sort();
    return [
      xmlStart,
      schemaStart,
      ...includes.map(includeFile),
      part === 'core' ? managedObjectReference : '',
      ...arrays.map(name => this.#xsd.arrayOf(name)),
      ...names.map(name => this.#xsd.type(name)),
      '</schema>\n',
    ].join('');
  }

  /** Types that stand in an array anywhere; every reference counts as a ManagedObject. */
  #arrayMembers(): Set<string> {
    const members = new Set<string>([
      'anyType',
      'ManagedObject',
      'boolean',
      'string',
      'int',
      'long',
      'short',
      'byte',
    ]);
    const take = (declared: { type: string; array: boolean }): void => {
      if (!declared.array || this.#schema.isManaged(declared.type)) return;
      const type = this.#schema.type(declared.type);
      if (type !== undefined && this.#xsd.has(type.since)) members.add(declared.type);
      else if (type === undefined) members.add(primitiveTypes[declared.type] ?? declared.type);
    };
    for (const name of this.#schema.typeNames()) {
      const type = this.#schema.type(name);
      if (type !== undefined && type.kind !== 'enum') for (const field of type.own) take(field);
    }
    for (const method of this.#methods()) take(method.returns);
    return members;
  }

  #messageTypesFile(part: SchemaPart, include: string): string {
    const methods = this.#methods().filter(method => partOfMethod(method.on) === part);
    const types = methods.map(method => this.#xsd.requestType(method));
    return [xmlStart, schemaStart, includeFile(include), ...types, '</schema>\n'].join('');
  }

  #bindingFile(): string {
    const methods = this.#methods();
    const faults = this.#faultNames(methods);
    return [
      xmlStart,
      '<definitions targetNamespace="urn:vim25" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:vim25="urn:vim25"',
      ' xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="http://www.w3.org/2001/XMLSchema">\n',
      `<types>\n${this.#elementsSchema(methods)}</types>\n`,
      ...methods.map(messages),
      ...faults.map(name => message(`${name}Fault`, 'fault', `${name}Fault`)),
      '<portType name="VimPortType">\n',
      ...methods.map(method => portOperation(method, this.#faultsOf(method))),
      '</portType>\n<binding name="VimBinding" type="vim25:VimPortType">\n',
      '<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>\n',
      ...methods.map(method => bindingOperation(method, this.#faultsOf(method), this.#version)),
      '</binding>\n</definitions>\n',
    ].join('');
  }

  #elementsSchema(methods: readonly MethodDefinition[]): string {
    const request = (name: string): string => `  <element name="${name}" type="vim25:${name}RequestType"/>\n`;
    return [
      schemaStart,
      ...['query-messagetypes.xsd', 'reflect-messagetypes.xsd', 'vim-messagetypes.xsd'].map(includeFile),
      '  <element name="versionURI" type="xsd:string"/>\n',
      ...methods.map(method => request(method.name) + this.#xsd.response(method)),
      ...this.#allFaults().map(name => `  <element name="${name}Fault" type="vim25:${name}"/>\n`),
      '</schema>\n',
    ].join('');
  }

  #faultsOf(method: MethodDefinition): string[] {
    const known = method.faults.map(name => name.replace(/^.*\./, ''));
    const faults = known.filter(name =>
      this.#xsd.has(this.#schema.type(name)?.since ?? Number.MAX_SAFE_INTEGER),
    );
    return [...new Set([...faults, 'RuntimeFault'])];
  }

  /** Any fault may be a reply's detail, whether or not a method names it. */
  #allFaults(): string[] {
    const names = this.#schema.typeNames().filter(name => this.#schema.isA(name, 'MethodFault'));
    return names.filter(name => this.#xsd.has(this.#schema.type(name)?.since ?? 0)).sort();
  }

  #faultNames(methods: readonly MethodDefinition[]): string[] {
    return [...new Set(methods.flatMap(method => this.#faultsOf(method)))].sort();
  }
}

function serviceFile(endpoint: string): string {
  return [
    xmlStart,
    '<definitions targetNamespace="urn:vim25Service" xmlns="http://schemas.xmlsoap.org/wsdl/"',
    ' xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:interface="urn:vim25">\n',
    '<import location="vim.wsdl" namespace="urn:vim25"/>\n',
    '<service name="VimService">\n<port binding="interface:VimBinding" name="VimPort">\n',
    `<soap:address location="${endpoint}"/>\n</port>\n</service>\n</definitions>\n`,
  ].join('');
}

function message(name: string, part: string, element: string): string {
  return `<message name="${name}"><part name="${part}" element="vim25:${element}"/></message>\n`;
}

function messages(method: MethodDefinition): string {
  const { name } = method;
  const response = message(`${name}ResponseMsg`, 'parameters', `${name}Response`);
  return message(`${name}RequestMsg`, 'parameters', name) + response;
}

function portOperation(method: MethodDefinition, faults: readonly string[]): string {
  const { name } = method;
  const rows = faults.map(fault => `<fault name="${fault}" message="vim25:${fault}Fault"/>`).join('');
  const ends = `<input message="vim25:${name}RequestMsg"/><output message="vim25:${name}ResponseMsg"/>`;
  return `<operation name="${name}">${ends}${rows}</operation>\n`;
}

function bindingOperation(method: MethodDefinition, faults: readonly string[], version: ApiVersion): string {
  const rows = faults.map(
    fault => `<fault name="${fault}"><soap:fault name="${fault}" use="literal"/></fault>`,
  );
  const body = '<soap:body use="literal"/>';
  const ends = `<input>${body}</input><output>${body}</output>${rows.join('')}`;
  const action = `<soap:operation soapAction="urn:vim25/${version}" style="document"/>`;
  return `<operation name="${method.name}">${action}${ends}</operation>\n`;
}
