import type { DirtyGrid } from './dirty-grid.js';
import { refresh, sixteenColors } from './palette.js';
import type { VgaRegisters } from './registers.js';

const FONT_BYTES = 8192;
const GLYPH_BYTES = 32;
const PLANE_2 = 0x20000;
const CURSOR_OFF = 0x20;
const MONOCHROME = 0x02;
const LINE_GRAPHICS = 0x04;
const BLINKING = 0x08;
const EIGHT_DOTS = 0x01;
const HALF_CLOCK = 0x08;
/** In a cell's key, beside character and attribute. */
const CURSOR = 0x10000;

/** Where the font of a character map lies in plane 2 (SR03's three bits). */
const FONT_OFFSETS = [0x0000, 0x4000, 0x8000, 0xc000, 0x2000, 0x6000, 0xa000, 0xe000];

export interface CellSize {
  readonly width: number;
  readonly height: number;
}

export function cellSize(vga: VgaRegisters): CellSize {
  const dots = (vga.clockingMode & EIGHT_DOTS) !== 0 ? 8 : 9;
  return {
    width: (vga.clockingMode & HALF_CLOCK) !== 0 ? dots * 2 : dots,
    height: (vga.maximumScanLine & 0x1f) + 1,
  };
}

/** Text of a given number of cells, drawn with the font and colours that the guest has loaded. */
export class TextPicture {
  readonly #columns: number;
  readonly #rows: number;
  readonly #cell: CellSize;
  readonly #keys: Uint32Array;
  readonly #colors = new Int32Array(16);
  readonly #newColors = new Int32Array(16);
  readonly #fonts = Buffer.alloc(2 * FONT_BYTES);
  /** Attribute mode, cursor shape, underline, blanking: what changes all cells. */
  readonly #look = new Int32Array(4);
  readonly #newLook = new Int32Array(4);
  #drawn = false;

  constructor(vga: VgaRegisters) {
    this.#columns = vga.columns;
    this.#rows = vga.rows;
    this.#cell = cellSize(vga);
    this.#keys = new Uint32Array(this.#columns * this.#rows);
  }

  draw(vga: VgaRegisters, pixels: Uint32Array, grid: DirtyGrid): void {
    const all = this.#looksDifferent(vga) || !this.#drawn;
    this.#drawn = true;
    const { planes } = vga;
    const cursor = this.#cursorCell(vga);
    const splitRow = screenRow(vga, vga.lineCompare);
    const stride = Math.max(this.#columns, vga.offset * 2);
    let address = vga.startAddress;
    for (let row = 0; row < this.#rows; row++) {
      if (row === splitRow) address = 0;
      for (let column = 0; column < this.#columns; column++) {
        const at = ((address + column) << 1) & 0xffff;
        const here = cursor === address + column ? CURSOR : 0;
        const key = (planes[at] ?? 0) | ((planes[at + 1] ?? 0) << 8) | here;
        const index = row * this.#columns + column;
        if (!all && this.#keys[index] === key) continue;
        this.#keys[index] = key;
        this.#drawCell(vga, pixels, column, row);
        grid.mark(column * this.#cell.width, row * this.#cell.height);
      }
      address += stride;
    }
  }

  /** Takes over colours, fonts and shapes. @returns whether all cells must be drawn again */
  #looksDifferent(vga: VgaRegisters): boolean {
    sixteenColors(vga, this.#newColors);
    const look = this.#newLook;
    look[0] = vga.attributeMode | (vga.blanked ? 0x100 : 0);
    look[1] = vga.cursorStart;
    look[2] = vga.cursorEnd;
    look[3] = vga.underlineLocation;
    const colors = refresh(this.#colors, this.#newColors);
    const shapes = refresh(this.#look, look);
    const fonts = this.#refreshFonts(vga);
    return colors || shapes || fonts;
  }

  /** Map A, for attributes with bit 3 set, then map B. */
  #refreshFonts({ characterMapSelect: select, planes }: VgaRegisters): boolean {
    const maps = [((select >> 2) & 3) | ((select >> 3) & 4), (select & 3) | ((select >> 2) & 4)];
    let differs = false;
    maps.forEach((map, i) => {
      const from = PLANE_2 + (FONT_OFFSETS[map] ?? 0);
      const start = i * FONT_BYTES;
      if (this.#fonts.compare(planes, from, from + FONT_BYTES, start, start + FONT_BYTES) === 0) return;
      this.#fonts.set(planes.subarray(from, from + FONT_BYTES), start);
      differs = true;
    });
    return differs;
  }

  #cursorCell({ cursorStart, cursorEnd, cursorAddress }: VgaRegisters): number {
    const shown = (cursorStart & CURSOR_OFF) === 0 && (cursorStart & 0x1f) <= (cursorEnd & 0x1f);
    return shown ? cursorAddress : -1;
  }

  #drawCell(vga: VgaRegisters, pixels: Uint32Array, column: number, row: number): void {
    const key = this.#keys[row * this.#columns + column] ?? 0;
    const { width, height } = this.#cell;
    const stride = this.#columns * width;
    const character = key & 0xff;
    const attribute = (key >> 8) & 0xff;
    const blinks = (vga.attributeMode & BLINKING) !== 0;
    const black = vga.blanked;
    const ink = black ? 0 : (this.#colors[attribute & 15] ?? 0);
    const paper = black ? 0 : (this.#colors[(attribute >> 4) & (blinks ? 7 : 15)] ?? 0);
    const glyph = ((attribute & 8) !== 0 ? 0 : FONT_BYTES) + character * GLYPH_BYTES;
    const ninth = (vga.attributeMode & LINE_GRAPHICS) !== 0 && character >= 0xc0 && character <= 0xdf;
    const underline = underlineRow(vga, attribute);
    const first = (key & CURSOR) !== 0 ? vga.cursorStart & 0x1f : height;
    const last = vga.cursorEnd & 0x1f;
    const twice = width > 9 ? 1 : 0;
    const dots = width >> twice;
    let at = row * height * stride + column * width;
    for (let y = 0; y < height; y++, at += stride - width) {
      let bits = (this.#fonts[glyph + y] ?? 0) << 1;
      if (ninth) bits |= (bits >> 1) & 1;
      if (y === underline || (y >= first && y <= last)) bits = 0x1ff;
      for (let dot = 0; dot < dots; dot++, bits <<= 1) {
        const color = (bits & 0x100) !== 0 ? ink : paper;
        pixels[at++] = color;
        if (twice === 1) pixels[at++] = color;
      }
    }
  }
}

/** Monochrome text underlines characters whose attribute has foreground 1 (background 0). */
function underlineRow({ attributeMode, underlineLocation }: VgaRegisters, attribute: number): number {
  return (attributeMode & MONOCHROME) !== 0 && (attribute & 0x77) === 1 ? underlineLocation & 0x1f : -1;
}

/** The row of cells, or of pixels in graphics modes, in which a scan line lies; the next one if it lies inside. */
export function screenRow({ maximumScanLine, crtcMode }: VgaRegisters, scanLine: number): number {
  const line = (maximumScanLine & 0x80) !== 0 ? scanLine >>> 1 : scanLine;
  const row = Math.ceil(line / (1 + (maximumScanLine & 0x1f)));
  return row << (((crtcMode & 1) ^ 1) + (((crtcMode >> 1) & 1) ^ 1));
}
