/**
 * A WebAssembly module taken apart into its sections and put together again (core specification 5.5). Sections that
 * nobody changed keep their bytes.
 */
export const SectionId = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  global: 6,
  export: 7,
  code: 10,
} as const;

const HEADER_BYTES = 8;

interface Section {
  readonly id: number;
  content: Uint8Array;
}

/** Unsigned LEB128. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest !== 0);
  return bytes;
}

/** Reads a module's bytes from a place on. */
export class WasmReader {
  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
  ) {}

  get atEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new RangeError('The module ends early');
    return value;
  }

  u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  take(length: number): Uint8Array {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  name(): string {
    return Buffer.from(this.take(this.u32())).toString('utf8');
  }
}

export class WasmModule {
  readonly #header: Uint8Array;
  readonly #sections: Section[] = [];

  constructor(bytes: Uint8Array) {
    this.#header = bytes.subarray(0, HEADER_BYTES);
    const reader = new WasmReader(bytes, HEADER_BYTES);
    while (!reader.atEnd) {
      const id = reader.byte();
      this.#sections.push({ id, content: reader.take(reader.u32()) });
    }
  }

  /** @throws RangeError where the module has none */
  section(id: number): Uint8Array {
    return this.#find(id).content;
  }

  replace(id: number, content: Uint8Array): void {
    this.#find(id).content = content;
  }

  /** Adds entries to a section that is a counted list. @returns how many it had */
  append(id: number, entries: readonly (readonly number[])[]): number {
    const section = this.#find(id);
    const reader = new WasmReader(section.content);
    const count = reader.u32();
    section.content = joined([
      leb(count + entries.length),
      section.content.subarray(reader.at),
      ...entries.map(entry => Uint8Array.from(entry)),
    ]);
    return count;
  }

  /** Functions by the name section. */
  functionNames(): Map<string, number> {
    const names = new Map<string, number>();
    for (const { id, content } of this.#sections) {
      const reader = new WasmReader(content);
      if (id !== SectionId.custom || reader.name() !== 'name') continue;
      while (!reader.atEnd) {
        const kind = reader.byte();
        const part = new WasmReader(reader.take(reader.u32()));
        if (kind !== 1) continue;
        for (let left = part.u32(); left > 0; left--) {
          const index = part.u32();
          names.set(part.name(), index);
        }
      }
    }
    return names;
  }

  /** Types of the functions that it imports; its own ones come after them. */
  importedFunctionTypes(): number[] {
    const reader = new WasmReader(this.section(SectionId.import));
    const types: number[] = [];
    for (let left = reader.u32(); left > 0; left--) {
      reader.name();
      reader.name();
      const kind = reader.byte();
      if (kind === 0) types.push(reader.u32());
      else if (kind === 1) skipLimits(reader, 1);
      else if (kind === 2) skipLimits(reader, 0);
      else reader.take(2);
    }
    return types;
  }

  bytes(): Uint8Array {
    return joined([
      this.#header,
      ...this.#sections.flatMap(({ id, content }) => [[id, ...leb(content.length)], content]),
    ]);
  }

  #find(id: number): Section {
    const section = this.#sections.find(one => one.id === id);
    if (section === undefined) throw new RangeError(`The module has no section ${id}`);
    return section;
  }
}

export function joined(parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function skipLimits(reader: WasmReader, elementBytes: number): void {
  reader.take(elementBytes);
  const hasMax = (reader.byte() & 1) !== 0;
  reader.u32();
  if (hasMax) reader.u32();
}
