import type {
  DataDefinition,
  EnumDefinition,
  FieldDefinition,
  ManagedDefinition,
  MethodDefinition,
  TypeDefinition,
} from './definitions.js';

/*
 * The schema as text, one definition a line, cells parted by tabs:
 *   D name base since fields      M name base since properties
 *   E name since values           F name on since parameters returns privilege faults
 * A field is name:type with the marks [] (array) and ? (optional), then @digit when its version is not its
 * owner's; fields are parted by commas. A line is parsed when its type is first used.
 */

export function formatType(definition: TypeDefinition): string {
  const since = String(definition.since);
  if (definition.kind === 'enum')
    return ['E', definition.name, since, definition.values.join(',')].join('\t');
  const letter = definition.kind === 'data' ? 'D' : 'M';
  const fields = formatFields(definition.own, definition.since);
  return [letter, definition.name, definition.base ?? '', since, fields].join('\t');
}

export function formatMethod(method: MethodDefinition): string {
  const { returns } = method;
  const result = returns.type + (returns.array ? '[]' : '') + (returns.optional ? '?' : '');
  const cells = [
    'F',
    method.name,
    method.on,
    String(method.since),
    formatFields(method.parameters, method.since),
  ];
  return [...cells, result, method.privilege ?? '', method.faults.join(',')].join('\t');
}

function formatFields(fields: readonly FieldDefinition[], ownerSince: number): string {
  const format = (field: FieldDefinition): string => {
    const version = field.since === ownerSince ? '' : `@${field.since}`;
    return `${field.name}:${field.type}${field.array ? '[]' : ''}${field.optional ? '?' : ''}${version}`;
  };
  return fields.map(format).join(',');
}

export function parseType(line: string): TypeDefinition {
  const cells = line.split('\t');
  const [letter = '', name = ''] = cells;
  if (letter === 'E') return parseEnum(name, cells);
  const since = Number(cells[3]);
  const own = parseFields(cells[4] ?? '', since);
  const base = cells[2] === '' ? undefined : cells[2];
  if (letter === 'D') return { kind: 'data', name, base, since, own } satisfies DataDefinition;
  return { kind: 'managed', name, base, since, own } satisfies ManagedDefinition;
}

function parseEnum(name: string, cells: readonly string[]): EnumDefinition {
  return { kind: 'enum', name, since: Number(cells[2]), values: (cells[3] ?? '').split(',') };
}

export function parseMethod(line: string): MethodDefinition {
  const [, name = '', on = '', sinceCell, parameters = '', result = '', privilege = '', faults = ''] =
    line.split('\t');
  const since = Number(sinceCell);
  const { type, array, optional } = parseTypeMarks(result);
  return {
    name,
    on,
    since,
    parameters: parseFields(parameters, since),
    returns: { type, array, optional },
    privilege: privilege === '' ? undefined : privilege,
    faults: faults === '' ? [] : faults.split(','),
  };
}

function parseFields(cell: string, ownerSince: number): FieldDefinition[] {
  if (cell === '') return [];
  return cell.split(',').map(text => {
    const [declaration = '', version] = text.split('@');
    const colon = declaration.indexOf(':');
    const since = version === undefined ? ownerSince : Number(version);
    return { name: declaration.slice(0, colon), ...parseTypeMarks(declaration.slice(colon + 1)), since };
  });
}

function parseTypeMarks(text: string): { type: string; array: boolean; optional: boolean } {
  const optional = text.endsWith('?');
  const marked = optional ? text.slice(0, -1) : text;
  const array = marked.endsWith('[]');
  return { type: array ? marked.slice(0, -2) : marked, array, optional };
}
