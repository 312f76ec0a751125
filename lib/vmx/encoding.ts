import { VmxError } from './errors.js';

/** A character set of `.encoding`. Encoders exist for UTF-8 and for what fits into one byte. */
export interface Charset {
  readonly name: string;
  decode(bytes: Uint8Array, line: number): string;
  encode(text: string, line: number): Uint8Array;
}

const ALIASES: ReadonlyMap<string, string> = new Map([
  ['utf-8', 'utf-8'],
  ['utf8', 'utf-8'],
  ['us-ascii', 'utf-8'],
  ['ascii', 'utf-8'],
  ['iso-8859-1', 'latin1'],
  ['latin1', 'latin1'],
  ['windows-1252', 'windows-1252'],
  ['cp1252', 'windows-1252'],
]);

/** 0x80-0x9F of windows-1252; its five unassigned codes stand for themselves. */
const WINDOWS_1252 = [
  ...'\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f',
  ...'\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178',
];

export function charset(label: string, line: number): Charset {
  const name = ALIASES.get(label.trim().toLowerCase());
  if (name === undefined) throw new VmxError('UnsupportedEncoding', line, label);
  if (name === 'utf-8') return utf8();
  return singleByte(name);
}

function utf8(): Charset {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return {
    name: 'UTF-8',
    decode: (bytes, line) => {
      try {
        return decoder.decode(bytes);
      } catch {
        throw new VmxError('NotInEncoding', line);
      }
    },
    encode: text => new TextEncoder().encode(text),
  };
}

function singleByte(name: string): Charset {
  // Node's TextDecoder reads 0x80-0x9F of windows-1252 as ISO-8859-1, so the table is here.
  const chars = Array.from({ length: 256 }, (_, byte) => {
    const special = name === 'windows-1252' && byte >= 0x80 && byte < 0xa0;
    return special ? (WINDOWS_1252[byte - 0x80] ?? '') : String.fromCharCode(byte);
  });
  const bytes = new Map(chars.map((char, byte) => [char, byte]));
  return {
    name,
    decode: source => Array.from(source, byte => chars[byte]).join(''),
    encode: (text, line) =>
      Uint8Array.from(text, char => {
        const byte = bytes.get(char);
        if (byte === undefined) throw new VmxError('NotInEncoding', line);
        return byte;
      }),
  };
}

/** `|22` stands for the byte 0x22 of the file's encoding; a `|` without two hex digits stands for itself. */
export function unescapeValue(raw: string, set: Charset, line: number): string {
  return raw.replace(/(?:\|[0-9A-Fa-f]{2})+/g, run =>
    set.decode(
      Uint8Array.from(run.match(/[0-9A-Fa-f]{2}/g) ?? [], hex => Number.parseInt(hex, 16)),
      line,
    ),
  );
}

export function escapeValue(value: string): string {
  return value.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must be escaped
    /["|\u0000-\u001f\u007f]/g,
    char => `|${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
