import { VmkernelError } from '../abi/index.js';

interface FreeRow {
  readonly row: number;
  /** The scheduler must have seen this version of the table before the row is used again. */
  readonly version: number;
}

/** Which rows of a table are free; a freed row rests until the scheduler has let go of it. */
export class TableRows {
  readonly #free: FreeRow[] = [];
  #used = 0;

  constructor(
    private readonly capacity: number,
    private readonly what: string,
  ) {}

  get everUsed(): number {
    return this.#used;
  }

  /** @throws VmkernelError Busy when none is free */
  take(seenVersion: number): number {
    const at = this.#free.findIndex(free => free.version <= seenVersion);
    const reused = at < 0 ? undefined : this.#free.splice(at, 1)[0];
    if (reused !== undefined) return reused.row;
    if (this.#used === this.capacity)
      throw new VmkernelError('Busy', `The table of ${this.what} is full (${this.capacity})`);
    return this.#used++;
  }

  give(row: number, version: number): void {
    this.#free.push({ row, version });
  }
}

interface GenerationTable {
  generation(row: number): number;
  setGeneration(row: number, value: number): void;
}

export function showRow(table: GenerationTable, row: number): void {
  table.setGeneration(row, table.generation(row) | 1);
}

/** Whether it was shown or not, nobody takes what comes next for what was there. */
export function hideRow(table: GenerationTable, row: number): void {
  const shown = (table.generation(row) & 1) === 1;
  table.setGeneration(row, table.generation(row) + (shown ? 1 : 2));
}
