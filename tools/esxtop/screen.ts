import type { ScreenText } from './view.js';

/** What a screen is drawn on: process.stdout, when it is a terminal. */
export interface TerminalOutput {
  readonly columns?: number;
  readonly rows?: number;
  readonly writableNeedDrain: boolean;
  write(text: string): boolean;
}

const ESC = '\x1b';
/** Alternate screen on, lines are cut instead of wrapped, cursor off; and the way back. */
const ENTER = `${ESC}[?1049h${ESC}[?7l${ESC}[?25l`;
const LEAVE = `${ESC}[?25h${ESC}[?7h${ESC}[?1049l`;
const CLEAR = `${ESC}[H${ESC}[2J`;
const SMALLEST = { columns: 20, rows: 4 };
const USUAL = { columns: 80, rows: 24 };

/**
 * A full-screen terminal. Only lines that changed are sent, so that a slow line stays usable; a terminal that does not
 * keep up is skipped, not queued for. A library would be larger than this file and owns more than we need.
 */
export class Screen {
  readonly #output: TerminalOutput;
  #drawn: string[] = [];
  #anew = true;
  #entered = false;

  constructor(output: TerminalOutput) {
    this.#output = output;
  }

  get size(): { columns: number; rows: number } {
    const { columns = 0, rows = 0 } = this.#output;
    return {
      columns: columns > 0 ? Math.max(columns, SMALLEST.columns) : USUAL.columns,
      rows: rows > 0 ? Math.max(rows, SMALLEST.rows) : USUAL.rows,
    };
  }

  enter(): void {
    this.#entered = true;
    this.#output.write(ENTER);
  }

  /** Gives the terminal back as it was. */
  leave(): void {
    if (!this.#entered) return;
    this.#entered = false;
    this.#output.write(LEAVE);
  }

  /** The next drawing starts from an empty screen. */
  repaint(): void {
    this.#anew = true;
  }

  draw(text: ScreenText): void {
    if (!this.#entered || this.#output.writableNeedDrain) return;
    let out = this.#anew ? CLEAR : '';
    if (this.#anew) this.#drawn = [];
    this.#anew = false;
    const count = Math.max(this.#drawn.length, text.lines.length);
    for (let row = 0; row < count; row++) {
      const line = text.lines[row] ?? '';
      if (line !== (this.#drawn[row] ?? '')) out += `${at(row, 0)}${line}${ESC}[K`;
    }
    this.#drawn = [...text.lines];
    out += text.cursor === null ? `${ESC}[?25l` : `${at(text.cursor.row, text.cursor.column)}${ESC}[?25h`;
    this.#output.write(out);
  }
}

const at = (row: number, column: number): string => `${ESC}[${row + 1};${column + 1}H`;

/** Cuts what a terminal sent into keys: single characters, and control sequences as a whole. */
export function splitKeys(text: string): string[] {
  const keys: string[] = [];
  let at = 0;
  while (at < text.length) {
    const length = text[at] === ESC ? sequenceLength(text, at) : 1;
    keys.push(text.slice(at, at + length));
    at += length;
  }
  return keys;
}

/** ECMA-48: ESC [ parameters final, or ESC and one more; a lone ESC is the key. */
function sequenceLength(text: string, at: number): number {
  const next = text[at + 1];
  if (next === undefined) return 1;
  if (next === 'O') return Math.min(3, text.length - at);
  if (next !== '[') return 2;
  let end = at + 2;
  while (end < text.length && !isFinal(text.charCodeAt(end))) end++;
  return Math.min(end + 1, text.length) - at;
}

const isFinal = (code: number): boolean => code >= 0x40 && code <= 0x7e;
