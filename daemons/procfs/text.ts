import type { Statistics } from '../../kernel/client/index.js';
import type { VmkernelCalls } from './vmkernel-link.js';

/** What every file of the tree is made of, and how its text is laid out. */

export interface TreeSources {
  readonly statistics: Statistics;
  readonly version: string;
  readonly vmkernel: VmkernelCalls;
  /** CLOCK_MONOTONIC */
  nowUs(): number;
}

const US_PER_S = 1e6;

export const inUse = (generation: number): boolean => (generation & 1) === 1;
export const seconds = (us: number): string => (us / US_PER_S).toFixed(3);

/** Names without blanks of their own would shift columns: they are one word. */
export function printable(name: string): string {
  return name.replace(/[\p{Cc}"]/gu, '?').replace(/\s/g, '_');
}

/** A column of a table: its title, and its text of a row. */
export type TextColumn<Row> = readonly [title: string, text: (row: Row) => string];

/** Titles, then a line per row; figures and names stand at the right end of their columns. */
export function columns<Row>(all: readonly TextColumn<Row>[], rows: readonly Row[]): string {
  return table([all.map(([title]) => title), ...rows.map(row => all.map(([, text]) => text(row)))]);
}

export function table(rows: readonly (readonly string[])[]): string {
  const count = rows[0]?.length ?? 0;
  const widths = Array.from({ length: count }, (_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0)));
  return rows.map(row => `${row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join(' ')}\n`).join('');
}
