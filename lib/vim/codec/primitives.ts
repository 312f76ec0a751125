import { CodecError } from './values.js';

const integerRanges: Readonly<Record<string, readonly [bigint, bigint]>> = {
  byte: [-(2n ** 7n), 2n ** 7n - 1n],
  short: [-(2n ** 15n), 2n ** 15n - 1n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** The primitive type of a value that does not come with one. */
export function primitiveTypeOf(value: unknown): string | undefined {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'bigint') return 'long';
  if (value instanceof Date) return 'dateTime';
  if (value instanceof Uint8Array) return 'base64Binary';
  if (typeof value !== 'number') return undefined;
  if (!Number.isInteger(value)) return 'double';
  return value >= -(2 ** 31) && value < 2 ** 31 ? 'int' : 'long';
}

/** Text of a value of an XML Schema type; throws when the value is none. */
export function encodePrimitive(xsd: string, value: unknown, path: string): string {
  const text = primitiveText(xsd, value);
  if (text === undefined) throw new CodecError('UnencodableValue', path, `a value of type ${xsd} is needed`);
  return text;
}

function primitiveText(xsd: string, value: unknown): string | undefined {
  if (xsd === 'string') return typeof value === 'string' ? escapeText(value) : undefined;
  if (xsd === 'boolean') return typeof value === 'boolean' ? String(value) : undefined;
  if (xsd === 'dateTime') return value instanceof Date ? encodeDate(value) : undefined;
  if (xsd === 'base64Binary') {
    return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : undefined;
  }
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  return integerRanges[xsd] === undefined ? encodeFloat(Number(value)) : encodeInteger(xsd, value);
}

function encodeDate(value: Date): string | undefined {
  return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
}

function encodeFloat(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'INF' : '-INF';
}

/** The many are int, or whole numbers within 2^53 for long. */
function encodeInteger(xsd: string, value: number | bigint): string | undefined {
  if (xsd === 'int' && typeof value === 'number') return (value | 0) === value ? `${value}` : undefined;
  if (typeof value === 'number' && !Number.isInteger(value)) return undefined;
  if (xsd === 'long' && Number.isSafeInteger(value)) return `${value}`;
  return isInRange(xsd, BigInt(value)) ? BigInt(value).toString() : undefined;
}

function isInRange(xsd: string, value: bigint): boolean {
  const range = integerRanges[xsd];
  return range !== undefined && value >= range[0] && value <= range[1];
}

/** A value from the text of an XML Schema type; throws WrongType naming the path. */
export function decodePrimitive(xsd: string, text: string, path: string): unknown {
  const value = xsd === 'string' ? text : parsePrimitive(xsd, text.trim());
  if (value === undefined)
    throw new CodecError('WrongType', path, `"${text.slice(0, 40)}" is not of type ${xsd}`);
  return value;
}

function parsePrimitive(xsd: string, text: string): unknown {
  if (xsd === 'boolean') return parseBoolean(text);
  if (xsd === 'dateTime') return parseDate(text);
  if (xsd === 'base64Binary')
    return /^[A-Za-z0-9+/=\s]*$/.test(text) ? Buffer.from(text, 'base64') : undefined;
  if (xsd === 'float' || xsd === 'double') return parseFloatText(text);
  return parseInteger(xsd, text);
}

function parseBoolean(text: string): boolean | undefined {
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : undefined;
}

function parseDate(text: string): Date | undefined {
  const pattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})?$/;
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const date = new Date(match[2] === undefined ? `${text}Z` : text);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function parseFloatText(text: string): number | undefined {
  if (text === 'INF') return Number.POSITIVE_INFINITY;
  if (text === '-INF') return Number.NEGATIVE_INFINITY;
  if (text === 'NaN') return Number.NaN;
  return /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

function parseInteger(xsd: string, text: string): number | bigint | undefined {
  if (!/^[+-]?\d{1,20}$/.test(text)) return undefined;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  if (!isInRange(xsd, value)) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** What XML 1.0 has no character for; lone surrogates are among it. */
const uncarriable = /[^\t\n\r -\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;
/** Also every surrogate: pairs are rare, and looking at pairs makes every text dear. */
const needsCare = /[&<>\r]|[^\t\n -\ud7ff\ue000-\ufffd]/;

/** Characters that XML 1.0 cannot carry become U+FFFD; a bare carriage return would be read as a newline. */
export function escapeText(text: string): string {
  if (!needsCare.test(text)) return text;
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;')
    .replace(uncarriable, '\ufffd');
}

export function escapeAttribute(text: string): string {
  return escapeText(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');
}
