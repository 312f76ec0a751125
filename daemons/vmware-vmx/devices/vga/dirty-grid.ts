export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** As many rectangles as one change may have; beyond it they are joined. */
const MAX_AREAS = 32;

/** Tiles of a picture in which something changed. */
export class DirtyGrid {
  readonly #width: number;
  readonly #height: number;
  readonly #tileWidth: number;
  readonly #tileHeight: number;
  readonly #columns: number;
  readonly #rows: number;
  readonly #tiles: Uint8Array;
  #marked = false;

  constructor(width: number, height: number, tileWidth: number, tileHeight: number) {
    this.#width = width;
    this.#height = height;
    this.#tileWidth = tileWidth;
    this.#tileHeight = tileHeight;
    this.#columns = Math.ceil(width / tileWidth);
    this.#rows = Math.ceil(height / tileHeight);
    this.#tiles = new Uint8Array(this.#columns * this.#rows);
  }

  /** @param x of a pixel inside the picture */
  mark(x: number, y: number): void {
    this.#marked = true;
    this.#tiles[((y / this.#tileHeight) | 0) * this.#columns + ((x / this.#tileWidth) | 0)] = 1;
  }

  /** Disjoint areas that cover all marks, 32 at most; afterwards nothing is marked. */
  take(): Area[] {
    if (!this.#marked) return [];
    let areas = this.#join(row => this.#runs(row));
    if (areas.length > MAX_AREAS) areas = this.#join(row => spanOf(this.#runs(row)));
    if (areas.length > MAX_AREAS) areas = [around(areas)];
    this.#tiles.fill(0);
    this.#marked = false;
    return areas.map(area => this.#pixels(area));
  }

  /** Marked tiles of a row, as [first, end) pairs. */
  #runs(row: number): [number, number][] {
    const runs: [number, number][] = [];
    const base = row * this.#columns;
    for (let column = 0; column < this.#columns; column++) {
      if (this.#tiles[base + column] === 0) continue;
      const first = column;
      while (column < this.#columns && this.#tiles[base + column] === 1) column++;
      runs.push([first, column]);
    }
    return runs;
  }

  /** Runs of equal width in rows that follow each other become one area. */
  #join(runsOf: (row: number) => [number, number][]): Area[] {
    const done: Area[] = [];
    let open: Area[] = [];
    for (let row = 0; row < this.#rows; row++) {
      const next: Area[] = [];
      for (const [first, end] of runsOf(row)) {
        const above = open.find(area => area.x === first && area.width === end - first);
        next.push(
          above === undefined
            ? { x: first, y: row, width: end - first, height: 1 }
            : { ...above, height: above.height + 1 },
        );
      }
      done.push(...open.filter(area => !next.some(({ x, y }) => x === area.x && y === area.y)));
      open = next;
    }
    return [...done, ...open];
  }

  #pixels({ x, y, width, height }: Area): Area {
    const left = x * this.#tileWidth;
    const top = y * this.#tileHeight;
    return {
      x: left,
      y: top,
      width: Math.min(width * this.#tileWidth, this.#width - left),
      height: Math.min(height * this.#tileHeight, this.#height - top),
    };
  }
}

function spanOf(runs: [number, number][]): [number, number][] {
  const [first] = runs;
  const last = runs.at(-1);
  return first === undefined || last === undefined ? [] : [[first[0], last[1]]];
}

function around(areas: readonly Area[]): Area {
  const x = Math.min(...areas.map(area => area.x));
  const y = Math.min(...areas.map(area => area.y));
  const right = Math.max(...areas.map(area => area.x + area.width));
  const bottom = Math.max(...areas.map(area => area.y + area.height));
  return { x, y, width: right - x, height: bottom - y };
}
