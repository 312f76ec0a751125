import { InvalidDescriptor } from './errors.js';

export const MAX_CAPACITY_SECTORS = 2 ** 44;

/** `RW 409600 VMFS "thin-flat.vmdk"`, `RW 4192256 FLAT "d-f001.vmdk" 0`, `RW 63 ZERO`. */
export interface Extent {
  readonly access: 'RW' | 'RDONLY' | 'NOACCESS';
  readonly sectors: number;
  /** VMFS, VMFSSPARSE, VMFSRDM, VMFSRAW, FLAT, SPARSE, ZERO, … as written. */
  readonly type: string;
  readonly fileName?: string;
  readonly offsetSectors?: number;
  /** What follows (partition and device identifiers of hosted raw disks). */
  readonly rest?: string;
}

export type LineMeaning =
  | { readonly kind: 'space' }
  | { readonly kind: 'assignment'; readonly key: string; readonly value: string }
  | { readonly kind: 'extent'; readonly extent: Extent };

const SPACE: LineMeaning = { kind: 'space' };
// Both are applied to trimmed lines and match without backtracking over blanks: lines come from anywhere.
const EXTENT =
  /^(RW|RDONLY|NOACCESS)[ \t]+(\d{1,16})[ \t]+([A-Z][A-Z0-9]*)(?:[ \t]+"([^"]*)"(?:[ \t]+(\d{1,16}))?(?:[ \t]+(\S.*))?)?$/;
const KEY = /^[A-Za-z][A-Za-z0-9_.]*$/;

/**
 * @param text one line without its end, a character per byte
 * @throws InvalidDescriptor
 */
export function parseLine(text: string, number: number): LineMeaning {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.startsWith('#')) return SPACE;
  if (/^(RW|RDONLY|NOACCESS)\b/.test(trimmed))
    return { kind: 'extent', extent: parseExtent(trimmed, number) };
  const equals = trimmed.indexOf('=');
  const key = trimmed.slice(0, Math.max(0, equals)).trimEnd();
  const value = unquote(trimmed.slice(equals + 1).trimStart());
  if (!KEY.test(key) || value === undefined) throw new InvalidDescriptor('NotUnderstood', number);
  return { kind: 'assignment', key, value: fromBytes(value) };
}

function unquote(text: string): string | undefined {
  const quoted = text.length > 1 && text.startsWith('"') && text.endsWith('"');
  const value = quoted ? text.slice(1, -1) : text;
  return value.includes('"') ? undefined : value;
}

function parseExtent(text: string, number: number): Extent {
  const match = EXTENT.exec(text);
  if (match === null) throw new InvalidDescriptor('BadExtent', number);
  const [, access, sectors, type = '', fileName, offset, rest] = match;
  const count = Number(sectors);
  if (count === 0) throw new InvalidDescriptor('BadExtent', number);
  const offsetSectors = offset === undefined ? undefined : Number(offset);
  if (Math.max(count, offsetSectors ?? 0) > MAX_CAPACITY_SECTORS)
    throw new InvalidDescriptor('CapacityTooLarge', number);
  if (fileName === undefined ? type !== 'ZERO' : fileName === '')
    throw new InvalidDescriptor('BadExtent', number);
  return {
    access: access as Extent['access'],
    sectors: count,
    type,
    ...(fileName === undefined ? {} : { fileName: fromBytes(fileName) }),
    ...(offsetSectors === undefined ? {} : { offsetSectors }),
    ...(rest === undefined ? {} : { rest: fromBytes(rest) }),
  };
}

export function writeExtent(extent: Extent): string {
  const { access, sectors, type, fileName, offsetSectors, rest } = extent;
  const parts = [access, `${sectors}`, type];
  if (fileName !== undefined) parts.push(`"${fileName}"`);
  if (offsetSectors !== undefined) parts.push(`${offsetSectors}`);
  if (rest !== undefined) parts.push(rest);
  return toBytes(parts.join(' '));
}

/** The same assignment with another value, its spacing and quotes kept. */
export function rewriteAssignment(text: string, value: string): string {
  const equals = text.indexOf('=') + 1;
  const after = text.slice(equals);
  const gap = /^[ \t]*/.exec(after)?.[0] ?? '';
  const quote = after.trimStart().startsWith('"') || !/^[A-Za-z0-9]+$/.test(value) ? '"' : '';
  return `${text.slice(0, equals)}${gap}${quote}${toBytes(value)}${quote}`;
}

/** Text is kept a character per byte, so that what is not UTF-8 survives; values are given out as UTF-8 where they are. */
function fromBytes(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : latin1;
}

export function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
