import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { layouts } from './layouts.js';
import {
  FILE_HEADER_BYTES,
  type PlacedField,
  type PlacedFile,
  type PlacedTable,
  placeFile,
} from './offsets.js';

/** Emits generated.ts and docs/abi.md from layouts.ts; with --check fails when they are not what it would emit. */

const upper = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

function index(table: PlacedTable, field: PlacedField, unitBytes: number): string {
  const base = (table.offsetBytes + field.offsetBytes) / unitBytes;
  return table.rows === 1 ? `${base}` : `${base} + row * ${table.rowBytes / unitBytes}`;
}

function getter(table: PlacedTable, field: PlacedField): string {
  const row = table.rows === 1 ? '' : 'row: number';
  const doc = `  /** ${upper(field.doc)}. */\n`;
  if (field.type === 'i32')
    return `${doc}  ${field.name}(${row}): number {\n    return Atomics.load(this.i32, ${index(table, field, 4)});\n  }\n`;
  if (field.type === 'f64')
    return `${doc}  ${field.name}(${row}): number {\n    return this.f64[${index(table, field, 8)}] as number;\n  }\n`;
  if (field.type.startsWith('bytes'))
    return `${doc}  ${field.name}Offset(${row}): number {\n    return ${index(table, field, 1)};\n  }\n`;
  return `${doc}  ${field.name}(${row}): string {\n    return loadText(this.u8, ${index(table, field, 1)}, ${field.sizeBytes});\n  }\n`;
}

function setter(table: PlacedTable, field: PlacedField): string {
  if (field.type.startsWith('bytes') || (field.name === 'version' && table.seqlock)) return '';
  const row = table.rows === 1 ? '' : 'row: number, ';
  const head = `  set${upper(field.name)}(${row}value: ${field.type.startsWith('text') ? 'string' : 'number'}): void {\n`;
  if (field.type === 'i32')
    return `${head}    Atomics.store(this.i32, ${index(table, field, 4)}, value);\n  }\n`;
  if (field.type === 'f64') return `${head}    this.f64[${index(table, field, 8)}] = value;\n  }\n`;
  return `${head}    storeText(this.u8, ${index(table, field, 1)}, ${field.sizeBytes}, value);\n  }\n`;
}

function wordIndex(table: PlacedTable, field: PlacedField): string {
  const row = table.rows === 1 ? '' : 'row: number';
  return `  ${field.name}Index(${row}): number {\n    return ${index(table, field, 4)};\n  }\n`;
}

function snapshot(table: PlacedTable): string {
  const version = table.fields[0];
  if (!table.seqlock || version === undefined) return '';
  const figures = table.fields.slice(1).filter(f => f.type === 'i32' || f.type === 'f64');
  const row = table.rows === 1 ? '' : 'row: number, ';
  const arg = table.rows === 1 ? '' : 'row';
  const at = index(table, version, 4);
  return `  /** Copies a row that was not being written meanwhile. @returns false when it stayed busy: the copy is stale */
  read(${row}out: ${table.name}Figures): boolean {
    for (let attempt = 0; attempt < SEQLOCK_TRIES; attempt++) {
      const version = Atomics.load(this.i32, ${at});
      if (version & 1) continue;
${figures.map(f => `      out.${f.name} = this.${f.name}(${arg});`).join('\n')}
      if (Atomics.load(this.i32, ${at}) === version) return true;
    }
    return false;
  }
`;
}

function seqlockWriter(table: PlacedTable): string {
  const version = table.fields[0];
  if (!table.seqlock || version === undefined) return '';
  const row = table.rows === 1 ? '' : 'row: number';
  const at = index(table, version, 4);
  return `  beginWrite(${row}): void {\n    Atomics.add(this.i32, ${at}, 1);\n  }\n  endWrite(${row}): void {\n    Atomics.add(this.i32, ${at}, 1);\n  }\n`;
}

function figuresInterface(table: PlacedTable): string {
  if (!table.seqlock) return '';
  const figures = table.fields.slice(1).filter(f => f.type === 'i32' || f.type === 'f64');
  const fresh = figures.map(f => `${f.name}: 0`).join(', ');
  return `export interface ${table.name}Figures {\n${figures.map(f => `  ${f.name}: number;`).join('\n')}\n}\nexport const empty${table.name}Figures = (): ${table.name}Figures => ({ ${fresh} });\n\n`;
}

function tableClasses(table: PlacedTable): string {
  const words = table.fields.filter(f => f.type === 'i32');
  return `${figuresInterface(table)}export class ${table.name}Table {
  static readonly ROWS = ${table.rows};
  static readonly ROW_BYTES = ${table.rowBytes};
  static readonly OFFSET_BYTES = ${table.offsetBytes};
  protected readonly u8: Uint8Array;
  protected readonly f64: Float64Array;
  constructor(readonly i32: Int32Array) {
    this.u8 = new Uint8Array(i32.buffer, i32.byteOffset, i32.byteLength);
    this.f64 = new Float64Array(i32.buffer, i32.byteOffset, i32.byteLength >>> 3);
  }
${table.fields.map(f => getter(table, f)).join('')}${words.map(f => wordIndex(table, f)).join('')}${snapshot(table)}}

export class ${table.name}Writer extends ${table.name}Table {
${table.fields.map(f => setter(table, f)).join('')}${seqlockWriter(table)}}
`;
}

function fileClass(file: PlacedFile, kind: number): string {
  const { layout } = file;
  const member = (t: PlacedTable): string => t.name.charAt(0).toLowerCase() + t.name.slice(1);
  const body = (suffix: string): string =>
    file.tables.map(t => `  readonly ${member(t)}: ${t.name}${suffix};`).join('\n');
  const init = (suffix: string): string =>
    file.tables.map(t => `    this.${member(t)} = new ${t.name}${suffix}(words);`).join('\n');
  return `/** ${layout.doc} Written by: ${layout.writer}. */
export class ${upper(layout.name)}File {
  static readonly NAME = '${layout.name}';
  static readonly SIZE_BYTES = ${file.sizeBytes};
${body('Table')}
  /** @throws AbiMismatch */
  constructor(memory: ArrayBuffer) {
    const words = new Int32Array(memory);
    verifySegment(words, '${layout.name}', ${kind}, ABI_HASH);
${init('Table')}
  }
}

export class ${upper(layout.name)}FileWriter {
  static readonly NAME = '${layout.name}';
  static readonly SIZE_BYTES = ${file.sizeBytes};
${body('Writer')}
  /** @throws AbiMismatch */
  constructor(memory: ArrayBuffer) {
    const words = new Int32Array(memory);
    verifySegment(words, '${layout.name}', ${kind}, ABI_HASH);
${init('Writer')}
  }
  /** Marks fresh zeroed memory as a file of this kind. */
  static stamp(memory: ArrayBuffer): void {
    stampSegment(new Int32Array(memory), ${kind}, ABI_HASH);
  }
}
`;
}

const files = layouts.map(placeFile);
const hash = createHash('sha256').update(JSON.stringify(files)).digest().readInt32LE(0);

function code(): string {
  const head = `// Generated by kernel/abi/generate.ts from layouts.ts. Do not edit.
import { loadText, SEQLOCK_TRIES, stampSegment, storeText, verifySegment } from './segment.js';

/** Both ends of a shared-memory file must have been generated from the same layouts. */
export const ABI_HASH = ${hash};
`;
  const bodies = files.map(
    (file, kind) => `${file.tables.map(tableClasses).join('\n')}\n${fileClass(file, kind + 1)}`,
  );
  return `${head}\n${bodies.join('\n')}`;
}

function documentation(): string {
  const lines = [
    '# Shared memory',
    '',
    'Generated by `kernel/abi/generate.ts` from `kernel/abi/layouts.ts`. One file per writer, under `/dev/shm/esx-<boot id>/`.',
    `Every file opens with ${FILE_HEADER_BYTES} bytes: magic "ESXK", the hash of all layouts, the file's kind.`,
    '',
  ];
  for (const file of files) {
    lines.push(
      `## ${file.layout.name} — ${file.sizeBytes} bytes`,
      '',
      `${file.layout.doc} Writer: ${file.layout.writer}.`,
      '',
    );
    for (const t of file.tables) {
      lines.push(
        `### ${t.name}: ${t.rows} × ${t.rowBytes} bytes from ${t.offsetBytes}${t.seqlock ? ', seqlock' : ''}`,
        '',
      );
      lines.push('| offset | field | type | meaning |', '|---|---|---|---|');
      for (const f of t.fields) lines.push(`| ${f.offsetBytes} | ${f.name} | ${f.type} | ${f.doc} |`);
      lines.push('');
    }
  }
  return lines.join('\n');
}

function main(): void {
  const root = new URL('../../../', import.meta.url);
  const outputs: [string, string][] = [
    ['kernel/abi/generated.ts', code()],
    ['docs/abi.md', documentation()],
  ];
  for (const [path, content] of outputs) {
    const url = new URL(path, root);
    if (!process.argv.includes('--check')) writeFileSync(url, content);
    else if (readFileSync(url, 'utf8') !== content) {
      process.stderr.write(`${path} is stale: run node dist/kernel/abi/generate.js\n`);
      process.exitCode = 1;
    }
  }
}

main();
