import type { DirtyGrid } from './dirty-grid.js';
import { refresh } from './palette.js';
import type { LinearMode, VgaRegisters } from './registers.js';
import { putRow, TILE_HEIGHT } from './rows.js';

/** Frame buffers of Bochs VBE: 8 bits through the DAC, 15, 16, 24 and 32 bits straight. */
export class LinearPicture {
  readonly #row: Uint32Array;
  readonly #colors = new Int32Array(256);
  readonly #newColors = new Int32Array(256);
  /** Rows as they were last drawn, as the guest stores them. */
  readonly #kept: Buffer;
  readonly #strideBytes: number;
  readonly #height: number;
  readonly #bitsPerPixel: number;
  #offsetBytes = -1;
  #blanked = false;

  constructor({ width, height, strideBytes, bitsPerPixel }: LinearMode) {
    this.#row = new Uint32Array(width);
    this.#kept = Buffer.alloc(strideBytes * height);
    this.#strideBytes = strideBytes;
    this.#height = height;
    this.#bitsPerPixel = bitsPerPixel;
  }

  draw(vga: VgaRegisters, mode: LinearMode, pixels: Uint32Array, grid: DirtyGrid): void {
    const moved = mode.offsetBytes !== this.#offsetBytes || vga.blanked !== this.#blanked;
    const recolored = this.#bitsPerPixel === 8 && this.#refreshColors(vga);
    this.#offsetBytes = mode.offsetBytes;
    this.#blanked = vga.blanked;
    const dirty = mode.dirtyRows();
    const all = moved || recolored;
    const from = all ? 0 : Math.max(0, dirty.first);
    const end = all ? this.#height : Math.min(this.#height, dirty.end);
    for (let y = from; y < end; ) {
      const next = Math.min(end, y + TILE_HEIGHT - (y % TILE_HEIGHT));
      if (all || this.#differ(mode.memory, y, next))
        for (let row = y; row < next; row++)
          if (all || this.#differ(mode.memory, row, row + 1)) this.#draw(mode.memory, row, pixels, grid);
      y = next;
    }
  }

  /** Whether rows are others than those drawn last. */
  #differ(memory: Uint8Array, firstRow: number, endRow: number): boolean {
    const kept = firstRow * this.#strideBytes;
    const from = this.#offsetBytes + kept;
    const bytes = Math.min((endRow - firstRow) * this.#strideBytes, memory.length - from);
    return bytes > 0 && this.#kept.compare(memory, from, from + bytes, kept, kept + bytes) !== 0;
  }

  #draw(memory: Uint8Array, y: number, pixels: Uint32Array, grid: DirtyGrid): void {
    const from = this.#offsetBytes + y * this.#strideBytes;
    const bytes = memory.subarray(from, from + this.#strideBytes);
    this.#kept.set(bytes, y * this.#strideBytes);
    if (this.#blanked) this.#row.fill(0);
    else this.#decode(bytes);
    putRow(this.#row, pixels, y, grid);
  }

  #decode(bytes: Uint8Array): void {
    const row = this.#row;
    const words =
      bytes.byteOffset % 4 === 0
        ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
        : undefined;
    if (this.#bitsPerPixel === 32 && words !== undefined) {
      for (let x = 0; x < row.length; x++) row[x] = (words[x] ?? 0) & 0xffffff;
      return;
    }
    switch (this.#bitsPerPixel) {
      case 8:
        for (let x = 0; x < row.length; x++) row[x] = this.#colors[bytes[x] ?? 0] ?? 0;
        break;
      case 15:
        for (let x = 0; x < row.length; x++)
          row[x] = from15((bytes[2 * x] ?? 0) | ((bytes[2 * x + 1] ?? 0) << 8));
        break;
      case 16:
        for (let x = 0; x < row.length; x++)
          row[x] = from16((bytes[2 * x] ?? 0) | ((bytes[2 * x + 1] ?? 0) << 8));
        break;
      default: {
        const step = this.#bitsPerPixel >> 3;
        for (let x = 0, at = 0; x < row.length; x++, at += step)
          row[x] = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
      }
    }
  }

  #refreshColors({ dac, pelMask }: VgaRegisters): boolean {
    for (let i = 0; i < 256; i++) this.#newColors[i] = (dac[i & pelMask] ?? 0) & 0xffffff;
    return refresh(this.#colors, this.#newColors);
  }
}

/** Fields of 5 and 6 bits are widened by their own high bits, so that full is full. */
function from15(word: number): number {
  const r = (word >> 10) & 31;
  const g = (word >> 5) & 31;
  const b = word & 31;
  return (((r << 3) | (r >> 2)) << 16) | (((g << 3) | (g >> 2)) << 8) | ((b << 3) | (b >> 2));
}

function from16(word: number): number {
  const r = (word >> 11) & 31;
  const g = (word >> 5) & 63;
  const b = word & 31;
  return (((r << 3) | (r >> 2)) << 16) | (((g << 2) | (g >> 4)) << 8) | ((b << 3) | (b >> 2));
}
