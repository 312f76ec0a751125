import { GroupKind } from '../../kernel/abi/index.js';
import { type Column, type CpuRow, groupRow, NO_FIGURE, shownColumns, worldRow } from './fields.js';
import type { GroupRate } from './group-rates.js';
import type { CpuSample } from './rates.js';
import { cut, padTo, printable, widthOf } from './text.js';

export type SortKey = 'N' | 'U' | 'R';

/** How the CPU panel is to be shown. */
export interface PanelOptions {
  readonly fieldOrder: string;
  /** GIDs whose worlds are shown in place of the group. */
  readonly expanded: ReadonlySet<number>;
  readonly sort: SortKey;
  readonly vmOnly: boolean;
  /** 0: as many as the screen has room for. */
  readonly maxRows: number;
  readonly nameWidth: number;
}

export const DEFAULT_NAME_WIDTH = 16;

/** `hh:mm:ssam up D days, H:MM, W worlds; CPU load average: a, b, c`, in the time zone of the reader. */
export function summaryLine(sample: CpuSample): string {
  const load = sample.load === null ? NO_FIGURE : sample.load.map(figure => figure.toFixed(2)).join(', ');
  return `${clock(new Date(sample.wallMs))} up ${upTime(sample.upMs)}, ${sample.worldCount} worlds; CPU load average: ${load}`;
}

function clock(time: Date): string {
  const pad = (n: number): string => `${n}`.padStart(2, '0');
  const hours = time.getHours() % 12 || 12;
  const half = time.getHours() < 12 ? 'am' : 'pm';
  return `${`${hours}`.padStart(2)}:${pad(time.getMinutes())}:${pad(time.getSeconds())}${half}`;
}

function upTime(upMs: number): string {
  const minutes = Math.floor(upMs / 60_000);
  const days = Math.floor(minutes / 1440);
  const time = `${Math.floor(minutes / 60) % 24}:${`${minutes % 60}`.padStart(2, '0')}`;
  if (days === 0) return time;
  return `${days} day${days === 1 ? '' : 's'}, ${time}`;
}

const percentFigure = (percent: number | null): string => (percent === null ? NO_FIGURE : percent.toFixed(2));

/** The PCPU figures, with those of hyper-threads where there are any, on as many lines as they need. */
export function pcpuLines(sample: CpuSample, columns: number): string[] {
  const mean = `  used total: ${percentFigure(sample.pcpuMean).padStart(6)}`;
  const pcpus = figureLines('PCPU(%):', sample.pcpus, [mean], columns);
  return sample.lcpus === null ? pcpus : [...pcpus, ...figureLines('LCPU(%):', sample.lcpus, [], columns)];
}

function figureLines(
  head: string,
  figures: readonly (number | null)[],
  more: readonly string[],
  columns: number,
): string[] {
  const end = more.length === 0 ? '' : ' ;';
  const parts = figures.map((percent, i) => {
    const last = i === figures.length - 1;
    return `${percentFigure(percent).padStart(7)}${last ? end : ','}`;
  });
  const lines: string[] = [];
  let line = head;
  for (const part of [...parts, ...more]) {
    if (line.length > head.length && line.length + part.length > columns) {
      lines.push(line);
      line = ' '.repeat(head.length);
    }
    line += part;
  }
  return [...lines, line];
}

/** Only what could be measured: `wa` is left out where Linux does not count it. */
export function consoleLine(sample: CpuSample): string | null {
  const rate = sample.console;
  if (rate === null) return null;
  const percent = (value: number, what: string): string => `${value.toFixed(0).padStart(4)} ${what}`;
  const parts = [
    percent(rate.userPercent, 'us'),
    percent(rate.systemPercent, 'sy'),
    percent(rate.idlePercent, 'id'),
    ...(rate.waitPercent === null ? [] : [percent(rate.waitPercent, 'wa')]),
  ];
  return `CCPU(%):${parts.join(',')} ;  cs/s: ${rate.switchesPerSecond.toFixed(0).padStart(6)}`;
}

/**
 * Groups in the order of the panel: by GID as the tree that they are, else the largest first. An expanded group is
 * replaced by its worlds, a pool also by those of the groups below it.
 */
export function panelRows(sample: CpuSample, options: PanelOptions): CpuRow[] {
  const isShown = (group: GroupRate): boolean => group.kind === GroupKind.vm || !options.vmOnly;
  const groups = sample.groups.filter(isShown).sort(comparison(options.sort));
  const byId = new Map(sample.groups.map(group => [group.groupId, group]));
  const swallowed = (group: GroupRate): boolean =>
    above(group, byId).some(({ groupId }) => options.expanded.has(groupId));
  const rows = (group: GroupRate, depth: number): CpuRow[] =>
    options.expanded.has(group.groupId)
      ? within(group, sample.groups, byId).flatMap(one =>
          one.worlds.map(world => worldRow(one, world, depth)),
        )
      : [groupRow(group, depth)];
  if (options.sort !== 'N' || options.vmOnly)
    return groups.filter(group => !swallowed(group)).flatMap(group => rows(group, 0));
  const below = (parentId: number | null, depth: number): CpuRow[] =>
    groups
      .filter(group => group.parentId === parentId)
      .flatMap(group => [
        ...rows(group, depth),
        ...(options.expanded.has(group.groupId) ? [] : below(group.groupId, depth + 1)),
      ]);
  return below(null, 0);
}

/** The groups that it is in, the nearest first. */
function above(group: GroupRate, byId: ReadonlyMap<number, GroupRate>): GroupRate[] {
  const found: GroupRate[] = [];
  let at = group.parentId === null ? undefined : byId.get(group.parentId);
  while (at !== undefined && at !== group && !found.includes(at)) {
    found.push(at);
    at = at.parentId === null ? undefined : byId.get(at.parentId);
  }
  return found;
}

function within(
  group: GroupRate,
  groups: readonly GroupRate[],
  byId: ReadonlyMap<number, GroupRate>,
): GroupRate[] {
  return groups.filter(one => one === group || above(one, byId).includes(group));
}

function comparison(key: SortKey): (a: GroupRate, b: GroupRate) => number {
  if (key === 'N') return (a, b) => a.groupId - b.groupId;
  const field = key === 'U' ? 'used' : 'ready';
  const figure = (group: GroupRate): number => group.percent?.[field] ?? -1;
  return (a, b) => figure(b) - figure(a) || a.groupId - b.groupId;
}

/** The column titles and, below them, one line per row; columns that find no room are left out. */
export function tableLines(rows: readonly CpuRow[], options: PanelOptions, columns: number): string[] {
  const cells = columnsThatFit(shownColumns(options.fieldOrder), options.nameWidth, columns);
  const line = (value: (column: Column) => string): string =>
    cut(cells.map(column => cell(column, value(column), options.nameWidth)).join(''), columns).trimEnd();
  return [line(column => column.title), ...rows.map(row => line(column => indented(column, row)))];
}

/** A name stands as many blanks to the right as there are groups above it. */
function indented(column: Column, row: CpuRow): string {
  return column.width === 0 ? ' '.repeat(row.depth) + column.value(row) : column.value(row);
}

function columnsThatFit(all: readonly Column[], nameWidth: number, columns: number): Column[] {
  let used = 0;
  return all.filter(column => {
    used += column.width === 0 ? nameWidth + 1 : column.width;
    return used <= columns;
  });
}

/** Figures stand at the right end of their column, names at the left, with a blank before them. */
function cell(column: Column, value: string, nameWidth: number): string {
  if (column.width === 0) return ` ${padTo(printable(value), nameWidth)}`;
  return ' '.repeat(Math.max(0, column.width - widthOf(value))) + value;
}

export interface PanelText {
  /** Never more than the screen has rows. */
  readonly lines: string[];
  readonly promptRow: number;
}

/** The whole panel; `prompt` stands in the line above the table. */
export function panelLines(
  sample: CpuSample,
  options: PanelOptions,
  prompt: string,
  size: { readonly columns: number; readonly rows: number },
): PanelText {
  const ccpu = consoleLine(sample);
  const head = [
    summaryLine(sample),
    ...pcpuLines(sample, size.columns),
    ...(ccpu === null ? [] : [ccpu]),
    prompt,
  ].map(line => cut(line, size.columns));
  const table = tableLines(panelRows(sample, options), options, size.columns);
  const shown = options.maxRows > 0 ? table.slice(0, options.maxRows + 1) : table;
  return { lines: [...head, ...shown].slice(0, size.rows), promptRow: head.length - 1 };
}
