/**
 * The VIM API's wire: its schema, the SOAP codec and the WSDL set. Bytes and values, no I/O.
 *
 * Layers, each using only those below:
 *   wsdl/       WSDL and XML Schema files and vimServiceVersions.xml, made from the schema
 *   codec/      XML tree, primitives, decoder, schema-ordered encoder, SOAP envelopes
 *   schema/     API versions, definitions, VimSchema over the table text
 *   generated/  types.ts and schema-text.ts, made by generate.ts from vim-schema.jsonl and
 *               internal-methods.jsonl; never edited
 *
 * Invariants: a reply carries only fields of its version; a request is decoded without believing it: depth,
 * number of elements, entities and types are checked, and what is wrong is a CodecError with a code and path.
 */

export { lasting } from './codec/lasting.js';
export { escapeAttribute, escapeText } from './codec/primitives.js';
export type { RawRequest, SoapFault, SoapReply } from './codec/soap.js';
export {
  readArguments,
  readReply,
  readRequest,
  writeFault,
  writeRequest,
  writeResponse,
} from './codec/soap.js';
export type { CodecErrorCode, DataObject } from './codec/values.js';
export { CodecError, ManagedObjectReference, TypedValue, typeNameOf, untyped } from './codec/values.js';
export type { XmlElement } from './codec/xml-reader.js';
export { attributeOf, childNamed, readXml } from './codec/xml-reader.js';
export type * from './generated/types.js';
export type { FieldDefinition, MethodDefinition, TypeDefinition } from './schema/definitions.js';
export { loadVimSchema } from './schema/load.js';
export type { ApiVersion, VimNamespace } from './schema/versions.js';
export {
  apiVersions,
  isApiVersion,
  nearestVersion,
  negotiateVersion,
  newestVersion,
  versionIndex,
} from './schema/versions.js';
export { VimSchema } from './schema/vim-schema.js';
export { serviceVersionsXml } from './wsdl/service-versions.js';
export type { WsdlFileName } from './wsdl/wsdl-set.js';
export { WsdlSet, wsdlFileNames } from './wsdl/wsdl-set.js';
