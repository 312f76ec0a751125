import { InvalidDescriptor } from './errors.js';
import {
  type Extent,
  MAX_CAPACITY_SECTORS,
  parseLine,
  rewriteAssignment,
  toBytes,
  writeExtent,
} from './line.js';

export const LIMITS = { sizeBytes: 1 << 20, lines: 16384, lineLength: 4096, extents: 4096 } as const;
export const NO_PARENT = 'ffffffff';

interface Line {
  text: string;
  end: string;
  key?: string;
  value?: string;
  extent?: Extent;
}

/**
 * Parses a descriptor file. Bytes that open with "KDMV" or "COWD" are a sparse extent, no descriptor.
 * @throws InvalidDescriptor
 */
export function parseDescriptor(source: Uint8Array | string): VmdkDescriptor {
  const bytes = typeof source === 'string' ? Buffer.from(source, 'utf8') : Buffer.from(source);
  if (bytes.length > LIMITS.sizeBytes) throw new InvalidDescriptor('TooLarge', 0);
  const textBytes = textEnd(bytes);
  const text = bytes.subarray(0, textBytes).toString('latin1');
  const pieces = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  if (!/^\s*#\s*Disk DescriptorFile\s*$/i.test(pieces[0] ?? ''))
    throw new InvalidDescriptor('NotADescriptor', 1);
  if (pieces.length > LIMITS.lines) throw new InvalidDescriptor('TooManyLines', LIMITS.lines + 1);
  const descriptor = new VmdkDescriptor(
    pieces.map((piece, index) => readLine(piece, index + 1)),
    bytes.subarray(textBytes),
  );
  descriptor.verify();
  return descriptor;
}

/** QEMU fills a descriptor up with NULs; where it wrote a shorter CID the end of the old text lies among them. */
function textEnd(bytes: Buffer): number {
  const ended = bytes.indexOf('\n\0', 0, 'latin1');
  return ended >= 0 ? ended + 1 : bytes.findLastIndex(byte => byte !== 0) + 1;
}

function readLine(piece: string, number: number): Line {
  const text = piece.replace(/\r?\n$/, '');
  if (text.length > LIMITS.lineLength) throw new InvalidDescriptor('LineTooLong', number);
  if (text.includes('\0')) throw new InvalidDescriptor('ContainsNul', number);
  const line: Line = { text, end: piece.slice(text.length) };
  const meaning = parseLine(text, number);
  if (meaning.kind === 'extent') line.extent = meaning.extent;
  if (meaning.kind === 'assignment') Object.assign(line, { key: meaning.key, value: meaning.value });
  return line;
}

/** A virtual disk's descriptor: its lines, byte for byte, and what they mean. Keys compare without case. */
export class VmdkDescriptor {
  #lines: Line[];
  readonly #padding: Uint8Array;

  /** @internal use parseDescriptor or newDescriptor */
  constructor(lines: Line[], padding: Uint8Array) {
    this.#lines = lines;
    this.#padding = padding;
  }

  get version(): number {
    return Number(this.get('version'));
  }

  /** Eight hexadecimal digits, lower case; moves at the first write after an open. */
  get cid(): string {
    return (this.get('CID') ?? '').toLowerCase().padStart(8, '0');
  }

  get parentCid(): string {
    return (this.get('parentCID') ?? NO_PARENT).toLowerCase().padStart(8, '0');
  }

  /** `vmfs`, `monolithicFlat`, `twoGbMaxExtentSparse`, … as written. */
  get createType(): string {
    return this.get('createType') ?? '';
  }

  get parentFileNameHint(): string | undefined {
    return this.get('parentFileNameHint');
  }

  get extents(): readonly Extent[] {
    return this.#lines.flatMap(line => (line.extent === undefined ? [] : [line.extent]));
  }

  get capacitySectors(): number {
    return this.extents.reduce((sum, extent) => sum + extent.sectors, 0);
  }

  get adapterType(): string | undefined {
    return this.get('ddb.adapterType');
  }

  get(key: string): string | undefined {
    return this.#find(key)?.value;
  }

  /** Line number of a key, 0 when it is absent. */
  lineOf(key: string): number {
    const line = this.#find(key);
    return line === undefined ? 0 : this.#lines.indexOf(line) + 1;
  }

  /** Changes a value in place; a new `ddb.` key follows the others, any other new key follows the header's. */
  set(key: string, value: string): void {
    if (/["\r\n\0]/.test(value) || !/^[A-Za-z][A-Za-z0-9_.]*$/.test(key))
      throw new InvalidDescriptor('BadValue', 0, key);
    const line = this.#find(key);
    if (line !== undefined) {
      line.text = rewriteAssignment(line.text, value);
      line.value = value;
      return;
    }
    const ddb = isDdb(key);
    const text = ddb ? `${key} = "${toBytes(value)}"` : `${key}="${toBytes(value)}"`;
    this.#insertAfter(entry => entry.key !== undefined && isDdb(entry.key) === ddb, {
      text,
      end: '\n',
      key,
      value,
    });
  }

  delete(key: string): void {
    this.#lines = this.#lines.filter(line => line.key?.toLowerCase() !== key.toLowerCase());
  }

  /** Replaces all extents, in the first one's place. */
  setExtents(extents: readonly Extent[]): void {
    const at = Math.max(
      0,
      this.#lines.findIndex(line => line.extent !== undefined),
    );
    const fresh = extents.map(extent => ({ text: writeExtent(extent), end: '\n', extent }));
    const kept = this.#lines.filter(line => line.extent === undefined);
    this.#lines = [...kept.slice(0, at), ...fresh, ...kept.slice(at)];
    this.verify();
  }

  toBytes(): Uint8Array {
    return Buffer.concat([this.#textBytes(), this.#padding]);
  }

  toString(): string {
    return this.#textBytes().toString('utf8');
  }

  #textBytes(): Buffer {
    return Buffer.from(this.#lines.map(line => line.text + line.end).join(''), 'latin1');
  }

  /** @throws InvalidDescriptor when it does not describe a disk */
  verify(): void {
    this.#verifyKeys();
    const { extents } = this;
    if (extents.length === 0) throw new InvalidDescriptor('NoExtent', 0);
    if (extents.length > LIMITS.extents) throw new InvalidDescriptor('TooManyExtents', 0);
    if (this.capacitySectors > MAX_CAPACITY_SECTORS) throw new InvalidDescriptor('CapacityTooLarge', 0);
  }

  #verifyKeys(): void {
    const seen = new Set<string>();
    this.#lines.forEach((line, index) => {
      const key = line.key?.toLowerCase();
      if (key === undefined) return;
      if (seen.has(key)) throw new InvalidDescriptor('DuplicateKey', index + 1, line.key);
      seen.add(key);
    });
    this.#require('version', /^[123]$/);
    this.#require('CID', /^[0-9A-Fa-f]{1,8}$/);
    this.#require('createType', /^[A-Za-z0-9]+$/);
    if (this.#find('parentCID') !== undefined) this.#require('parentCID', /^[0-9A-Fa-f]{1,8}$/);
  }

  #require(key: string, form: RegExp): void {
    const value = this.get(key);
    if (value === undefined) throw new InvalidDescriptor('MissingKey', 0, key);
    if (!form.test(value)) throw new InvalidDescriptor('BadValue', this.lineOf(key), key);
  }

  #find(key: string): Line | undefined {
    const folded = key.toLowerCase();
    return this.#lines.find(line => line.key?.toLowerCase() === folded);
  }

  #insertAfter(belongs: (line: Line) => boolean, fresh: Line): void {
    const at = this.#lines.findLastIndex(belongs);
    const previous = at < 0 ? this.#lines.at(-1) : this.#lines[at];
    if (previous !== undefined && previous.end === '') previous.end = '\n';
    this.#lines.splice(at < 0 ? this.#lines.length : at + 1, 0, fresh);
  }
}

function isDdb(key: string): boolean {
  return key.toLowerCase().startsWith('ddb.');
}
