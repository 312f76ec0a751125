import type { AdvancedOptionInfo } from '../../kernel/abi/index.js';

/** `Value of Quantum is 50`, whether it was asked for or set. */
export function valueText({ path, value }: Pick<AdvancedOptionInfo, 'path' | 'value'>): string {
  return `Value of ${path.slice(path.lastIndexOf('/') + 1)} is ${value}\n`;
}

export function listText(options: readonly AdvancedOptionInfo[]): string {
  const rows = options.map(({ path, value, defaultValue, min, max }) => [
    path,
    String(value),
    String(defaultValue),
    `${min}-${max}`,
  ]);
  const titles = ['Path', 'Value', 'Default', 'Range'];
  const widths = titles.map((title, i) => Math.max(title.length, ...rows.map(row => row[i]?.length ?? 0)));
  const line = (cells: readonly string[], last: string): string =>
    `${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}  ${last}\n`;
  return (
    line(titles, 'Description') + rows.map((row, i) => line(row, options[i]?.description ?? '')).join('')
  );
}
