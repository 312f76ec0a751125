import { readFileSync } from 'node:fs';
import type { FieldDefinition, MethodDefinition, TypeDefinition } from '../schema/definitions.js';
import { isApiVersion, versionIndex } from '../schema/versions.js';

/** The schema as the source files say it, in their order, with names as they stand on the wire. */
export interface SchemaSource {
  readonly types: readonly TypeDefinition[];
  readonly methods: readonly MethodDefinition[];
}

interface SourceField {
  readonly name: string;
  readonly type: string;
  readonly optional?: boolean;
  readonly since: string;
}

interface SourceMethod {
  readonly name: string;
  readonly on?: string;
  readonly params: readonly SourceField[];
  readonly returns: string;
  readonly optional?: boolean;
  readonly privilege: string | null;
  readonly faults: readonly string[];
  readonly since: string;
}

type SourceLine =
  | { readonly kind: 'about' }
  | ({ readonly kind: 'method'; readonly on: string } & SourceMethod)
  | {
      readonly kind: 'enum';
      readonly name: string;
      readonly since: string;
      readonly values: readonly string[];
    }
  | {
      readonly kind: 'data' | 'managed';
      readonly name: string;
      readonly extends?: string;
      readonly since: string;
      readonly properties: readonly SourceField[];
      readonly methods?: readonly SourceMethod[];
    };

export function readSchemaSource(paths: readonly string[]): SchemaSource {
  const types: TypeDefinition[] = [];
  const methods: MethodDefinition[] = [];
  for (const path of paths) {
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      if (line !== '') takeLine(JSON.parse(line) as SourceLine, types, methods);
    }
  }
  return { types: types.sort(byName), methods: methods.sort(byName) };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

function takeLine(line: SourceLine, types: TypeDefinition[], methods: MethodDefinition[]): void {
  if (line.kind === 'about') return;
  if (line.kind === 'method') {
    methods.push(toMethod(line, line.on));
    return;
  }
  const since = toVersion(line.since);
  if (line.kind === 'enum') {
    types.push({ kind: 'enum', name: line.name, since, values: line.values });
    return;
  }
  const base = wireName(line.extends);
  const own = line.properties.map(field => toField(field, line.name));
  types.push({ kind: line.kind, name: line.name, base, since, own });
  for (const method of line.methods ?? []) methods.push(toMethod(method, line.name));
}

function toMethod(method: SourceMethod, on: string): MethodDefinition {
  const { type, array } = parseArray(method.returns);
  return {
    name: method.name,
    on,
    since: toVersion(method.since),
    parameters: method.params.map(field => toField(field, method.name)),
    returns: { type, array, optional: method.optional === true },
    privilege: method.privilege ?? undefined,
    faults: method.faults,
  };
}

/** A fault held by a data object travels in a LocalizedMethodFault; only that wrapper holds it bare. */
function toField(field: SourceField, owner: string): FieldDefinition {
  const { type, array } = parseArray(field.type);
  const isWrapped = type === 'MethodFault' && owner !== 'LocalizedMethodFault';
  return {
    name: field.name,
    type: isWrapped ? 'LocalizedMethodFault' : type,
    array,
    optional: field.optional === true,
    since: toVersion(field.since),
  };
}

function parseArray(type: string): { type: string; array: boolean } {
  return type.endsWith('[]') ? { type: type.slice(0, -2), array: true } : { type, array: false };
}

function wireName(base: string | undefined): string | undefined {
  if (base === undefined || base === 'DataObject') return undefined;
  return base.replace(/^vmodl\./, '');
}

function toVersion(text: string): number {
  if (!isApiVersion(text)) throw new Error(`unknown API version ${text} in the schema source`);
  return versionIndex(text);
}
