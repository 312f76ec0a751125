/** Names come from files that others wrote: on a terminal their control characters would be commands. */
export function printable(name: string): string {
  return name.replace(/\p{C}/gu, '?');
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
const COMBINING = /\p{Mn}|\p{Me}/u;

function cellsOf(character: string): number {
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** Cuts to at most `cells` columns of a terminal. */
export function cut(text: string, cells: number): string {
  let used = 0;
  let out = '';
  for (const character of text) {
    used += cellsOf(character);
    if (used > cells) break;
    out += character;
  }
  return out;
}

export function widthOf(text: string): number {
  let used = 0;
  for (const character of text) used += cellsOf(character);
  return used;
}

/** Cuts or pads with blanks on the right to exactly `cells` columns. */
export function padTo(text: string, cells: number): string {
  const kept = cut(text, cells);
  return kept + ' '.repeat(cells - widthOf(kept));
}
