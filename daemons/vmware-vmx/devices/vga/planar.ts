import type { DirtyGrid } from './dirty-grid.js';
import { refresh, sixteenColors } from './palette.js';
import type { VgaRegisters } from './registers.js';
import { putRow } from './rows.js';
import { screenRow } from './text.js';

const PLANE_BYTES = 0x10000;
const EIGHT_BIT_COLOR = 0x40;
const PANNING_COMPATIBLE = 0x20;
const COLOR_SELECT_ENABLE = 0x80;
const SHIFT_INTERLEAVED = 0x20;
const SHIFT_256 = 0x40;

/** The 16-colour, 4-colour (CGA), 256-colour and unchained modes: pixels in four planes. */
export class PlanarPicture {
  readonly #colors = new Int32Array(256);
  readonly #newColors = new Int32Array(256);
  readonly #sixteen = new Int32Array(16);
  readonly #look = new Int32Array(11);
  readonly #newLook = new Int32Array(11);
  readonly #row: Uint32Array;
  readonly #indices: Uint8Array;
  #drawn = false;

  constructor({ width }: VgaRegisters) {
    this.#row = new Uint32Array(width);
    this.#indices = new Uint8Array(width + 32);
  }

  draw(vga: VgaRegisters, pixels: Uint32Array, grid: DirtyGrid): void {
    const look = this.#looksDifferent(vga);
    const all = this.#refreshColors(vga) || look || !this.#drawn;
    this.#drawn = true;
    const dirty = vga.dirtyPixels();
    if (!all && dirty.first >= dirty.end) return;
    const { height, width, virtualWidth, lineCompare } = vga;
    const start = pixelAddress(vga, vga.startAddress + ((vga.presetRowScan >> 5) & 3));
    const panned = start + panningPixels(vga);
    const unpanned = (vga.attributeMode & PANNING_COMPATIBLE) !== 0 ? 0 : panningPixels(vga);
    const splitRow = screenRow(vga, lineCompare + 1);
    for (let y = 0; y < height; y++) {
      const first = y < splitRow ? panned + y * virtualWidth : unpanned + (y - splitRow) * virtualWidth;
      if (!all && (first + width <= dirty.first || first >= dirty.end)) continue;
      this.#drawRow(vga, first);
      putRow(this.#row, pixels, y, grid);
    }
  }

  #drawRow(vga: VgaRegisters, firstPixel: number): void {
    const row = this.#row;
    if (vga.blanked) {
      row.fill(0);
      return;
    }
    const skipped = this.#fetch(vga, firstPixel);
    for (let x = 0; x < row.length; x++) row[x] = this.#colors[this.#indices[skipped + x] ?? 0] ?? 0;
  }

  /** Colour indices of a row, from a fetch's boundary on. @returns how many pixels lie before the first */
  #fetch(vga: VgaRegisters, firstPixel: number): number {
    const indices = this.#indices;
    const wide = (vga.attributeMode & EIGHT_BIT_COLOR) !== 0;
    const perFetch = wide ? 4 : 8;
    const aligned = firstPixel & -perFetch;
    const shift = addressShift(vga);
    const substituted = ~vga.crtcMode & 3;
    const end = firstPixel - aligned + this.#row.length;
    for (let at = 0; at < end; at += perFetch) {
      const address =
        substituted === 0
          ? (aligned + at) >>> shift
          : substitutedAddress(vga, aligned + at, shift, substituted);
      if (wide) fetch256(vga, address & 0xffff, indices, at);
      else fetch16(vga, address & 0xffff, indices, at);
    }
    return firstPixel - aligned;
  }

  #refreshColors(vga: VgaRegisters): boolean {
    const now = this.#newColors;
    if ((vga.attributeMode & EIGHT_BIT_COLOR) === 0) {
      sixteenColors(vga, this.#sixteen);
      now.set(this.#sixteen);
    } else {
      const selects = (vga.attributeMode & COLOR_SELECT_ENABLE) !== 0;
      const middle = (vga.colorSelect << 4) & 0x30;
      for (let i = 0; i < 256; i++) {
        const index = selects ? (i & 0xcf) | middle : i;
        now[i] = (vga.dac[index & vga.pelMask] ?? 0) & 0xffffff;
      }
    }
    return refresh(this.#colors, now);
  }

  #looksDifferent(vga: VgaRegisters): boolean {
    const look = this.#newLook;
    look[0] = vga.startAddress;
    look[1] = vga.panning;
    look[2] = vga.presetRowScan;
    look[3] = vga.lineCompare;
    look[4] = vga.virtualWidth;
    look[5] = vga.crtcMode;
    look[6] = vga.graphicsMode;
    look[7] = vga.attributeMode;
    look[8] = vga.blanked ? 1 : 0;
    look[9] = vga.underlineLocation;
    look[10] = vga.maximumScanLine;
    return refresh(this.#look, look);
  }
}

function panningPixels({ panning, attributeMode }: VgaRegisters): number {
  return (attributeMode & EIGHT_BIT_COLOR) !== 0 ? panning >>> 1 : panning;
}

/** log2 of the pixels that one step of the address counter shows: byte, word or doubleword addressing (CR14, CR17). */
function addressShift({ underlineLocation, crtcMode, attributeMode }: VgaRegisters): number {
  const doubleword = (underlineLocation & 0x40) !== 0;
  const byte = !doubleword && (crtcMode & 0x40) !== 0;
  const base = doubleword ? 1 : byte ? 3 : 2;
  return base - ((attributeMode & EIGHT_BIT_COLOR) !== 0 ? 1 : 0);
}

function pixelAddress(vga: VgaRegisters, address: number): number {
  return address << addressShift(vga);
}

/** CGA and Hercules layouts: low bits of the row scan counter replace bits 13 and 14 of the address (CR17 bits 0, 1). */
function substitutedAddress(vga: VgaRegisters, pixel: number, shift: number, which: number): number {
  const start = pixelAddress(vga, vga.startAddress);
  const row = ((pixel - start) / vga.virtualWidth) | 0;
  const column = pixel - start - row * vga.virtualWidth;
  const line = which === 3 ? row >>> 2 : row >>> 1;
  const bits = which === 1 ? (row & 1) << 13 : which === 2 ? (row & 1) << 14 : (row & 3) << 13;
  return (((line * vga.virtualWidth + column) >>> shift) + vga.startAddress) | bits;
}

function fetch16(
  { planes, graphicsMode }: VgaRegisters,
  address: number,
  into: Uint8Array,
  at: number,
): void {
  const p0 = planes[address] ?? 0;
  const p1 = planes[PLANE_BYTES + address] ?? 0;
  const p2 = planes[2 * PLANE_BYTES + address] ?? 0;
  const p3 = planes[3 * PLANE_BYTES + address] ?? 0;
  if ((graphicsMode & SHIFT_256) !== 0) {
    nibbles(p0, p1, p2, p3, into, at);
    return;
  }
  if ((graphicsMode & SHIFT_INTERLEAVED) !== 0) {
    for (let i = 0; i < 4; i++) {
      const bits = 6 - 2 * i;
      into[at + i] = ((p0 >> bits) & 3) | (((p2 >> bits) & 3) << 2);
      into[at + 4 + i] = ((p1 >> bits) & 3) | (((p3 >> bits) & 3) << 2);
    }
    return;
  }
  for (let i = 0; i < 8; i++) {
    const bit = 7 - i;
    into[at + i] =
      ((p0 >> bit) & 1) | (((p1 >> bit) & 1) << 1) | (((p2 >> bit) & 1) << 2) | (((p3 >> bit) & 1) << 3);
  }
}

function nibbles(p0: number, p1: number, p2: number, p3: number, into: Uint8Array, at: number): void {
  into[at] = p0 >> 4;
  into[at + 1] = p0 & 15;
  into[at + 2] = p1 >> 4;
  into[at + 3] = p1 & 15;
  into[at + 4] = p2 >> 4;
  into[at + 5] = p2 & 15;
  into[at + 6] = p3 >> 4;
  into[at + 7] = p3 & 15;
}

function fetch256({ planes }: VgaRegisters, address: number, into: Uint8Array, at: number): void {
  into[at] = planes[address] ?? 0;
  into[at + 1] = planes[PLANE_BYTES + address] ?? 0;
  into[at + 2] = planes[2 * PLANE_BYTES + address] ?? 0;
  into[at + 3] = planes[3 * PLANE_BYTES + address] ?? 0;
}
