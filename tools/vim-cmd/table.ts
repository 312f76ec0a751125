/** Columns start below their title, with four blanks or more between them: scripts split where there are three. */
export function tableText(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, ...rows.map(row => row.map(oneLine))];
  const widths = titles.map((_, column) => Math.max(...lines.map(line => [...(line[column] ?? '')].length)));
  return lines
    .map(line => {
      const cells = line.map(
        (cell, column) => cell + ' '.repeat((widths[column] ?? 0) + GAP - [...cell].length),
      );
      return `${cells.join('').trimEnd()}\n`;
    })
    .join('');
}

const GAP = 4;

/** An annotation of several lines stays in its row, and holds nothing that looks like a gap between columns. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').replace(/ {3,}/g, '  ');
}
