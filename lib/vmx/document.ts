import { type Charset, charset, escapeValue } from './encoding.js';
import { VmxError } from './errors.js';
import { type Assignment, parseLine } from './line.js';

export const LIMITS = { sizeBytes: 1 << 20, lineLength: 32768, lines: 20000 } as const;

interface Line {
  text: string;
  end: string;
  entry: Assignment | undefined;
}

const TRUE = new Set(['true', 't', 'yes', 'y', 'on', '1']);
const FALSE = new Set(['false', 'f', 'no', 'n', 'off', '0']);

/** Throws VmxError. Text is taken as already decoded; bytes are decoded by their own `.encoding`, UTF-8 by default. */
export function parseVmx(source: string | Uint8Array): VmxDocument {
  const size = typeof source === 'string' ? Buffer.byteLength(source) : source.length;
  if (size > LIMITS.sizeBytes) throw new VmxError('TooLarge', 0);
  const set = findCharset(source);
  return VmxDocument.fromText(typeof source === 'string' ? source : set.decode(source, 0), set);
}

/** `.encoding` itself is ASCII, so it can be read before the rest can be decoded. */
function findCharset(source: string | Uint8Array): Charset {
  const ascii = typeof source === 'string' ? source : Buffer.from(source).toString('latin1');
  const match = /^[ \t]*\.encoding[ \t]*=[ \t]*"?([^"\r\n]*)"?/im.exec(ascii);
  if (match === null) return charset('UTF-8', 0);
  return charset(match[1] ?? '', ascii.slice(0, match.index).split('\n').length);
}

export class VmxDocument {
  readonly #lines: Line[] = [];
  readonly #entries = new Map<string, Line>();
  readonly #charset: Charset;
  readonly #bom: string;

  private constructor(set: Charset, bom: string) {
    this.#charset = set;
    this.#bom = bom;
  }

  static empty(): VmxDocument {
    return new VmxDocument(charset('UTF-8', 0), '');
  }

  /** @internal use parseVmx */
  static fromText(text: string, set: Charset): VmxDocument {
    const bom = text.startsWith('\ufeff') ? '\ufeff' : '';
    const document = new VmxDocument(set, bom);
    const pieces = text.slice(bom.length).match(/[^\n]*\n|[^\n]+$/g) ?? [];
    if (pieces.length > LIMITS.lines) throw new VmxError('TooManyLines', LIMITS.lines + 1);
    pieces.forEach((piece, index) => {
      document.#append(piece, index + 1);
    });
    return document;
  }

  #append(piece: string, number: number): void {
    const text = piece.replace(/\r?\n$/, '');
    if (text.length > LIMITS.lineLength) throw new VmxError('LineTooLong', number);
    if (text.includes('\0')) throw new VmxError('ContainsNul', number);
    const line: Line = {
      text,
      end: piece.slice(text.length),
      entry: parseLine(text, this.#charset, number),
    };
    this.#lines.push(line);
    if (line.entry === undefined) return;
    const folded = line.entry.key.toLowerCase();
    if (this.#entries.has(folded)) throw new VmxError('DuplicateKey', number, line.entry.key);
    this.#entries.set(folded, line);
  }

  /** Keys in file order, in the case they were written in. */
  keys(): string[] {
    return this.#lines.flatMap(line => (line.entry === undefined ? [] : [line.entry.key]));
  }

  has(key: string): boolean {
    return this.#entries.has(key.toLowerCase());
  }

  get(key: string): string | undefined {
    return this.#entries.get(key.toLowerCase())?.entry?.value;
  }

  /** Line number of a key, 0 when it is absent. */
  lineOf(key: string): number {
    const line = this.#entries.get(key.toLowerCase());
    return line === undefined ? 0 : this.#lines.indexOf(line) + 1;
  }

  getBool(key: string): boolean | undefined {
    const value = this.get(key)?.trim().toLowerCase();
    if (value === undefined || value === '') return undefined;
    if (TRUE.has(value)) return true;
    if (FALSE.has(value)) return false;
    throw this.badValue(key);
  }

  /** Decimal or 0x hexadecimal, exact. */
  getInt(key: string): number | undefined {
    const value = this.get(key)?.trim();
    if (value === undefined || value === '') return undefined;
    if (!/^-?(?:\d+|0[xX][0-9A-Fa-f]+)$/.test(value)) throw this.badValue(key);
    const sign = value.startsWith('-') ? -1 : 1;
    const number = sign * Number(value.replace('-', ''));
    if (!Number.isSafeInteger(number)) throw this.badValue(key);
    return number;
  }

  badValue(key: string): VmxError {
    return new VmxError('BadValue', this.lineOf(key), key);
  }

  set(key: string, value: string | number | boolean): void {
    if (!/^[^\s="#|]+$/.test(key)) throw new VmxError('BadKey', 0, key);
    const plain = typeof value === 'boolean' ? (value ? 'TRUE' : 'FALSE') : String(value);
    const old = this.#entries.get(key.toLowerCase());
    const written = old?.entry?.key ?? key;
    const text = `${written} = "${escapeValue(plain)}"`;
    if (text.length > LIMITS.lineLength) throw new VmxError('LineTooLong', this.lineOf(key), key);
    const entry = { key: written, value: plain };
    if (old !== undefined) {
      old.text = text;
      old.entry = entry;
      return;
    }
    const last = this.#lines.at(-1);
    if (last !== undefined && last.end === '') last.end = '\n';
    const line = { text, end: this.#lines[0]?.end || '\n', entry };
    this.#lines.push(line);
    this.#entries.set(key.toLowerCase(), line);
  }

  delete(key: string): boolean {
    const line = this.#entries.get(key.toLowerCase());
    if (line === undefined) return false;
    this.#entries.delete(key.toLowerCase());
    this.#lines.splice(this.#lines.indexOf(line), 1);
    return true;
  }

  toString(): string {
    return this.#bom + this.#lines.map(line => line.text + line.end).join('');
  }

  /** The file's bytes in its own encoding. @throws VmxError TooLarge, TooManyLines for what could not be read again */
  toBytes(): Uint8Array {
    const bytes = this.#charset.encode(this.toString(), 0);
    if (bytes.length > LIMITS.sizeBytes) throw new VmxError('TooLarge', 0);
    if (this.#lines.length > LIMITS.lines) throw new VmxError('TooManyLines', LIMITS.lines + 1);
    return bytes;
  }
}
