import type { BenchReport, Row, Target } from './result.js';
import { significant } from './statistics.js';

/** Rows of equal columns under one heading; numbers to the right. */
export function table(rows: readonly Row[]): string {
  let text = '';
  let heading = '';
  let block: Row[] = [];
  const flush = () => {
    if (block.length > 0) text += `${oneTable(block)}\n`;
    block = [];
  };
  for (const row of rows) {
    const columns = Object.keys(row).join('\0');
    if (columns !== heading) flush();
    heading = columns;
    block.push(row);
  }
  flush();
  return text;
}

function oneTable(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const cells = [columns, ...rows.map(row => columns.map(column => shown(row[column] ?? '')))];
  const widths = columns.map((_, i) => Math.max(...cells.map(line => line[i]?.length ?? 0)));
  const right = columns.map(column => rows.every(row => typeof row[column] === 'number'));
  const line = (words: readonly string[]) =>
    words
      .map((word, i) => (right[i] === true ? word.padStart(widths[i] ?? 0) : word.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return cells.map(words => `  ${line(words)}\n`).join('');
}

function shown(value: string | number): string {
  return typeof value === 'string' ? value : String(significant(value));
}

/** The report as people read it: machine, measurements, figures against their targets. */
export function reportText(report: BenchReport, targets: readonly Target[]): string {
  const { machine, figures } = report;
  const verdicts = Object.entries(figures).map(([figure, value]): Row => {
    const target = targets.find(one => one.figure === figure);
    return { figure, value, target: limits(target), met: target === undefined ? '' : verdict(value, target) };
  });
  return [
    `${report.bench}\n`,
    `  ${machine.cpu}, ${machine.cpus} CPUs, ${machine.memoryMb} MB, ${machine.kernel}, Node ${machine.node}`,
    `  load ${machine.loadBefore} before, ${machine.loadAfter} after; others used ${machine.othersPercent} % of the CPUs\n`,
    table(report.rows),
    table(verdicts),
  ].join('\n');
}

function limits({ atMost, atLeast }: Partial<Target> = {}): string {
  return [atLeast === undefined ? '' : `≥ ${atLeast}`, atMost === undefined ? '' : `≤ ${atMost}`]
    .filter(text => text !== '')
    .join(', ');
}

function verdict(
  value: number,
  { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY }: Target,
): string {
  return value <= atMost && value >= atLeast ? 'met' : 'MISSED';
}
