import { type Area, DirtyGrid } from './dirty-grid.js';
import { LinearPicture } from './linear.js';
import { PlanarPicture } from './planar.js';
import type { LinearMode, VgaRegisters } from './registers.js';
import { TILE_HEIGHT, TILE_WIDTH } from './rows.js';
import { cellSize, TextPicture } from './text.js';

/** More than Bochs VBE has; what a guest asks for beyond is cut. */
const MAX_WIDTH = 2560;
const MAX_HEIGHT = 1600;

export type PictureChange =
  | { readonly kind: 'same' }
  | { readonly kind: 'changed'; readonly areas: readonly Area[] }
  /** Another size or another kind of mode: `pixels` is new. */
  | { readonly kind: 'resized' };

type Draw = (pixels: Uint32Array, grid: DirtyGrid) => void;

interface Shape {
  readonly key: string;
  readonly width: number;
  readonly height: number;
  readonly tile: { readonly width: number; readonly height: number };
  readonly start: () => Draw;
}

/** The picture of a VGA, kept up to date by `capture`. */
export class Screen {
  readonly #vga: VgaRegisters;
  #key = '';
  #draw: Draw = () => undefined;
  #grid = new DirtyGrid(0, 0, 1, 1);
  #width = 0;
  #height = 0;
  #pixels = new Uint32Array(new SharedArrayBuffer(0));

  constructor(vga: VgaRegisters) {
    this.#vga = vga;
  }

  get width(): number {
    return this.#width;
  }

  get height(): number {
    return this.#height;
  }

  /** 0x00RRGGBB in shared memory; replaced when a capture says "resized". */
  get pixels(): Uint32Array<SharedArrayBuffer> {
    return this.#pixels;
  }

  get mode(): 'text' | 'graphics' {
    return this.#vga.mode === 'text' ? 'text' : 'graphics';
  }

  /** Brings the picture up to date. */
  capture(): PictureChange {
    const shape = this.#shape();
    if (shape === undefined) return { kind: 'same' };
    const resized = shape.key !== this.#key;
    if (resized) this.#begin(shape);
    this.#draw(this.#pixels, this.#grid);
    const areas = this.#grid.take();
    if (resized) return { kind: 'resized' };
    return areas.length === 0 ? { kind: 'same' } : { kind: 'changed', areas };
  }

  /** Frees the picture; the next capture says "resized". */
  forget(): void {
    this.#key = '';
    this.#draw = () => undefined;
    this.#grid = new DirtyGrid(0, 0, 1, 1);
    this.#width = 0;
    this.#height = 0;
    this.#pixels = new Uint32Array(new SharedArrayBuffer(0));
  }

  #begin({ key, width, height, tile, start }: Shape): void {
    this.#key = key;
    this.#width = width;
    this.#height = height;
    this.#pixels = new Uint32Array(new SharedArrayBuffer(width * height * 4));
    this.#grid = new DirtyGrid(width, height, tile.width, tile.height);
    this.#draw = start();
  }

  /** Undefined while the guest has half set up a mode. */
  #shape(): Shape | undefined {
    const vga = this.#vga;
    const shape =
      vga.mode === 'text' ? textShape(vga) : vga.mode === 'planar' ? planarShape(vga) : linearShape(vga);
    return shape.width > 0 && shape.height > 0 && shape.width <= MAX_WIDTH && shape.height <= MAX_HEIGHT
      ? shape
      : undefined;
  }
}

function textShape(vga: VgaRegisters): Shape {
  const cell = cellSize(vga);
  return {
    key: `text ${vga.columns} ${vga.rows} ${cell.width} ${cell.height}`,
    width: vga.columns * cell.width,
    height: vga.rows * cell.height,
    tile: cell,
    start: () => {
      const picture = new TextPicture(vga);
      return (pixels, grid) => picture.draw(vga, pixels, grid);
    },
  };
}

const TILE = { width: TILE_WIDTH, height: TILE_HEIGHT };

function planarShape(vga: VgaRegisters): Shape {
  const { width, height } = vga;
  return {
    key: `planar ${width} ${height}`,
    width,
    height,
    tile: TILE,
    start: () => {
      const picture = new PlanarPicture(vga);
      return (pixels, grid) => picture.draw(vga, pixels, grid);
    },
  };
}

function linearShape(vga: VgaRegisters): Shape {
  const mode: LinearMode = vga.linear();
  return {
    key: `linear ${mode.width} ${mode.height} ${mode.bitsPerPixel}`,
    width: mode.width,
    height: mode.height,
    tile: TILE,
    start: () => {
      const picture = new LinearPicture(mode);
      return (pixels, grid) => picture.draw(vga, vga.linear(), pixels, grid);
    },
  };
}
