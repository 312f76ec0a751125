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
const EXTENT =
  /^[ \t]*(RW|RDONLY|NOACCESS)[ \t]+(\d{1,16})[ \t]+([A-Z][A-Z0-9]*)(?:[ \t]+"([^"]*)"(?:[ \t]+(\d{1,16}))?(?:[ \t]+(\S.*?))?)?[ \t]*$/;
const ASSIGNMENT = /^[ \t]*([A-Za-z][A-Za-z0-9_.]*)[ \t]*=[ \t]*(?:"([^"]*)"|([^"\s][^"]*?))?[ \t]*$/;

/**
 * @param text one line without its end, a character per byte
 * @throws InvalidDescriptor
 */
export function parseLine(text: string, number: number): LineMeaning {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.startsWith('#')) return SPACE;
  if (/^(RW|RDONLY|NOACCESS)\b/.test(trimmed)) return { kind: 'extent', extent: parseExtent(text, number) };
  const match = ASSIGNMENT.exec(text);
  if (match === null) throw new InvalidDescriptor('NotUnderstood', number);
  const [, key = '', quoted, bare] = match;
  return { kind: 'assignment', key, value: fromBytes(quoted ?? bare ?? '') };
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
