import { type ApiVersion, isVimNamespace, type VimNamespace, versionIndex } from '../schema/versions.js';
import type { VimSchema } from '../schema/vim-schema.js';
import { Decoder } from './decode.js';
import { Encoder } from './encode.js';
import { escapeText } from './primitives.js';
import { CodecError, type DataObject, ManagedObjectReference, typeNameOf } from './values.js';
import { childNamed, defaultXmlLimits, readXml, type XmlElement, type XmlLimits } from './xml-reader.js';

const soapNamespace = 'http://schemas.xmlsoap.org/soap/envelope/';

const prologue =
  '<?xml version="1.0" encoding="UTF-8"?>\n' +
  '<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"' +
  ` xmlns:soapenv="${soapNamespace}" xmlns:xsd="http://www.w3.org/2001/XMLSchema"` +
  ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n<soapenv:Body>\n';

const epilogue = '\n</soapenv:Body>\n</soapenv:Envelope>';

/** A request whose parameters have not been looked at yet, because their types depend on the object. */
export interface RawRequest {
  readonly namespace: VimNamespace;
  readonly method: string;
  readonly operationId: string | undefined;
  /** `_this`; its type is only what the client says, if it says one. */
  readonly target: ManagedObjectReference;
  readonly body: XmlElement;
}

/** The first element of the body of a SOAP envelope, with the header. */
export function readEnvelope(text: string, limits?: XmlLimits): { header?: XmlElement; body: XmlElement } {
  const root = readXml(text, limits);
  if (root.name !== 'Envelope' || root.namespace !== soapNamespace) {
    throw new CodecError('NotSoap', '', 'the document is not a SOAP 1.1 envelope');
  }
  const body = childNamed(root, 'Body')?.children[0];
  if (body === undefined) throw new CodecError('NotSoap', '', 'the envelope has no body');
  const header = childNamed(root, 'Header');
  return header === undefined ? { body } : { header, body };
}

export function readRequest(text: string, limits?: XmlLimits): RawRequest {
  const { header, body } = readEnvelope(text, limits);
  if (!isVimNamespace(body.namespace)) {
    throw new CodecError('NotSoap', '', `the namespace "${body.namespace.slice(0, 60)}" is not served`);
  }
  const target = childNamed(body, '_this');
  if (target === undefined) throw new CodecError('MissingField', '_this', 'the request names no object');
  const typeName = target.attributes.find(
    attribute => attribute.name === 'type' && attribute.namespace === '',
  );
  const operation = header === undefined ? undefined : childNamed(header, 'operationID')?.text;
  return {
    namespace: body.namespace,
    method: body.name,
    operationId: operation,
    target: new ManagedObjectReference(typeName?.value ?? '', target.text.trim()),
    body,
  };
}

/** The parameters of a request by name. */
export function readArguments(
  schema: VimSchema,
  request: RawRequest,
  version: ApiVersion,
): Record<string, unknown> {
  const method = schema.method(request.method);
  if (method === undefined) throw new CodecError('UnknownMethod', '', `there is no method ${request.method}`);
  const body = { ...request.body, children: request.body.children.filter(child => child.name !== '_this') };
  return new Decoder(schema, versionIndex(version)).fields(body, method.parameters, '');
}

export function writeResponse(
  schema: VimSchema,
  reply: { method: string; namespace: VimNamespace; version: ApiVersion; value: unknown },
): string {
  const method = schema.method(reply.method);
  if (method === undefined) throw new CodecError('UnknownMethod', '', `there is no method ${reply.method}`);
  const encoder = new Encoder(schema, reply.version);
  encoder.raw(`${prologue}<${reply.method}Response xmlns="${reply.namespace}">`);
  if (method.returns.type !== 'void') encoder.element('returnval', method.returns, reply.value);
  encoder.raw(`</${reply.method}Response>${epilogue}`);
  return encoder.toString();
}

export interface SoapFault {
  /** ServerFaultCode, or ClientFaultCode when the message could not be read. */
  readonly code: 'ServerFaultCode' | 'ClientFaultCode';
  readonly message: string;
  /** The typed fault, with its `_type`. */
  readonly detail: DataObject;
}

export function writeFault(
  schema: VimSchema,
  fault: SoapFault,
  reply: { namespace: VimNamespace; version: ApiVersion },
): string {
  const type = knownFaultType(schema, typeNameOf(fault.detail) ?? 'MethodFault', reply.version);
  const encoder = new Encoder(schema, reply.version);
  encoder.raw(`${prologue}<soapenv:Fault><faultcode>${fault.code}</faultcode>`);
  encoder.raw(`<faultstring>${escapeText(fault.message)}</faultstring><detail>`);
  encoder.raw(`<${type}Fault xmlns="${reply.namespace}" xsi:type="${type}">`);
  encoder.members(type, fault.detail);
  encoder.raw(`</${type}Fault></detail></soapenv:Fault>${epilogue}`);
  return encoder.toString();
}

/** The fault's type, or the nearest ancestor that the version has. */
function knownFaultType(schema: VimSchema, type: string, version: ApiVersion): string {
  const isKnown = (schema.type(type)?.since ?? 0) <= versionIndex(version);
  return isKnown ? type : knownFaultType(schema, schema.baseOf(type) ?? 'MethodFault', version);
}

export function writeRequest(
  schema: VimSchema,
  request: {
    method: string;
    namespace: VimNamespace;
    version: ApiVersion;
    target: ManagedObjectReference;
    args: object;
  },
): string {
  const method = schema.method(request.method);
  if (method === undefined) throw new CodecError('UnknownMethod', '', `there is no method ${request.method}`);
  const encoder = new Encoder(schema, request.version);
  encoder.raw(`${prologue}<${request.method} xmlns="${request.namespace}">`);
  encoder.element('_this', { type: 'ManagedObject', array: false }, request.target);
  encoder.fields(method.parameters, request.args, request.method);
  encoder.raw(`</${request.method}>${epilogue}`);
  return encoder.toString();
}

export type SoapReply = { readonly value: unknown } | { readonly fault: SoapFault };

/** A reply to a call of the method: its value, or the fault with its typed detail. */
export function readReply(
  schema: VimSchema,
  methodName: string,
  version: ApiVersion,
  text: string,
): SoapReply {
  const method = schema.method(methodName);
  if (method === undefined) throw new CodecError('UnknownMethod', '', `there is no method ${methodName}`);
  const { body } = readEnvelope(text, { ...defaultXmlLimits, maxDepth: 256, maxElements: 20_000_000 });
  const decoder = new Decoder(schema, versionIndex(version));
  if (body.name === 'Fault') return { fault: readFault(decoder, schema, body) };
  const results = body.children
    .filter(child => child.name === 'returnval')
    .map(child => decoder.value(child, method.returns.type, 'returnval'));
  return { value: method.returns.array ? results : results[0] };
}

function readFault(decoder: Decoder, schema: VimSchema, body: XmlElement): SoapFault {
  const message = childNamed(body, 'faultstring')?.text ?? '';
  const code =
    childNamed(body, 'faultcode')?.text === 'ClientFaultCode' ? 'ClientFaultCode' : 'ServerFaultCode';
  const detail = childNamed(body, 'detail')?.children[0];
  const named = detail?.name.replace(/Fault$/, '') ?? '';
  const type = schema.type(named)?.kind === 'data' ? named : 'MethodFault';
  const fields = detail === undefined ? {} : decoder.fields(detail, schema.fields(type), type);
  return { code, message, detail: { ...fields, _type: type } };
}
