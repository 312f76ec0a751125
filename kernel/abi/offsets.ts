import type { FieldType, FileLayout, TableLayout } from './layouts.js';

/** Every file opens with this much: magic, hash, kind (see `segment.ts`). */
export const FILE_HEADER_BYTES = 64;
const CACHE_LINE_BYTES = 64;

export interface PlacedField {
  readonly name: string;
  readonly type: FieldType;
  readonly doc: string;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

export interface PlacedTable {
  readonly name: string;
  readonly rows: number;
  readonly seqlock: boolean;
  readonly offsetBytes: number;
  readonly rowBytes: number;
  readonly fields: readonly PlacedField[];
}

export interface PlacedFile {
  readonly layout: FileLayout;
  readonly tables: readonly PlacedTable[];
  readonly sizeBytes: number;
}

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;

function sizeOf(type: FieldType): number {
  if (type === 'i32') return 4;
  if (type === 'f64') return 8;
  return roundUp(Number(type.slice(type.indexOf(':') + 1)), 8);
}

function placeTable(table: TableLayout, offsetBytes: number): PlacedTable {
  const seqlock = table.seqlock === true;
  const declared = seqlock
    ? [{ name: 'version', type: 'i32' as const, doc: 'seqlock: odd while being written' }, ...table.fields]
    : table.fields;
  let at = 0;
  const fields = declared.map(field => {
    const sizeBytes = sizeOf(field.type);
    at = roundUp(at, field.type === 'i32' ? 4 : 8);
    const placed = { ...field, offsetBytes: at, sizeBytes };
    at += sizeBytes;
    return placed;
  });
  // Rows of tables with several rows never share a cache line, unless a row is one bare figure.
  const rowBytes =
    fields.length === 1 ? roundUp(at, 8) : roundUp(at, table.rows > 1 && at <= 16 ? 16 : CACHE_LINE_BYTES);
  return { name: table.name, rows: table.rows, seqlock, offsetBytes, rowBytes, fields };
}

export function placeFile(layout: FileLayout): PlacedFile {
  let at = FILE_HEADER_BYTES;
  const tables = layout.tables.map(table => {
    const placed = placeTable(table, at);
    at = roundUp(at + placed.rowBytes * placed.rows, CACHE_LINE_BYTES);
    return placed;
  });
  return { layout, tables, sizeBytes: roundUp(at, 4096) };
}
