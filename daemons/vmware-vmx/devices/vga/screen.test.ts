import { beforeEach, describe, expect, it } from 'vitest';
import type { LinearMode, VgaRegisters } from './registers.js';
import { Screen } from './screen.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const FONT_PLANE = 0x20000;
const INK = 0xffffff;
const BLUE = 0x0000a8;

/** A VGA as a BIOS leaves it in mode 3: 80 × 25, 9 × 16 dots. */
function mode3(): Writable<VgaRegisters> {
  const dac = new Int32Array(256);
  dac[1] = BLUE;
  dac[7] = 0xa8a8a8;
  dac[15] = INK;
  return {
    mode: 'text',
    blanked: false,
    planes: new Uint8Array(0x40000),
    dac,
    internalPalette: Uint8Array.from({ length: 16 }, (_, i) => i),
    pelMask: 0xff,
    attributeMode: 0x0c,
    colorPlaneEnable: 0x0f,
    panning: 8,
    colorSelect: 0,
    clockingMode: 0,
    characterMapSelect: 0,
    graphicsMode: 0x10,
    presetRowScan: 0,
    maximumScanLine: 0x4f,
    cursorStart: 0x20,
    cursorEnd: 15,
    startAddress: 0,
    cursorAddress: 0,
    offset: 40,
    underlineLocation: 0x1f,
    crtcMode: 0xa3,
    lineCompare: 0x3ff,
    columns: 80,
    rows: 25,
    width: 0,
    height: 0,
    virtualWidth: 0,
    dirtyPixels: () => ({ first: 0, end: 0 }),
    linear: () => {
      throw new Error('no linear mode');
    },
  };
}

let vga: Writable<VgaRegisters>;
let screen: Screen;

beforeEach(() => {
  vga = mode3();
  screen = new Screen(vga);
});

/** Puts a character and its attribute at a character address. */
function put(address: number, character: number, attribute: number): void {
  vga.planes[2 * address] = character;
  vga.planes[2 * address + 1] = attribute;
}

function glyph(character: number, row: number, bits: number, font = 0): void {
  vga.planes[FONT_PLANE + font + character * 32 + row] = bits;
}

const pixel = (x: number, y: number): number | undefined => screen.pixels[y * screen.width + x];
/** A row of a cell's dots, as a string of # and . */
const dots = (column: number, y: number, width = 9): string =>
  Array.from({ length: width }, (_, x) => (pixel(column * width + x, y) === INK ? '#' : '.')).join('');

describe('a text screen', () => {
  it('draws characters with the font in plane 2, ink and paper by attribute, the ninth dot of line graphics too', () => {
    glyph(0x41, 3, 0b10000001);
    glyph(0xc4, 7, 0b11111111);
    put(0, 0x41, 0x1f);
    put(1, 0xc4, 0x0f);
    expect(screen.capture()).toEqual({ kind: 'resized' });
    expect([screen.width, screen.height, screen.mode]).toEqual([720, 400, 'text']);
    expect(dots(0, 3)).toBe('#......#.');
    expect(pixel(1, 3)).toBe(BLUE);
    expect(dots(1, 7)).toBe('#########');
    vga.attributeMode &= ~4;
    screen.capture();
    expect(dots(1, 7)).toBe('########.');
  });

  it('finds changed cells, and nothing where nothing changed', () => {
    screen.capture();
    expect(screen.capture()).toEqual({ kind: 'same' });
    put(85, 0x41, 0x0f);
    put(86, 0x42, 0x0f);
    const areas = [{ x: 45, y: 16, width: 18, height: 16 }];
    expect(screen.capture()).toEqual({ kind: 'changed', areas });
    expect(screen.capture()).toEqual({ kind: 'same' });
  });

  it('draws the cursor in its shape, and where it was the character again', () => {
    put(0, 0, 0x0f);
    put(1, 0, 0x0f);
    screen.capture();
    vga.cursorStart = 14;
    expect(screen.capture()).toEqual({ kind: 'changed', areas: [{ x: 0, y: 0, width: 720, height: 400 }] });
    expect([dots(0, 13), dots(0, 14), dots(0, 15)]).toEqual(['.........', '#########', '#########']);
    vga.cursorAddress = 1;
    expect(screen.capture()).toEqual({ kind: 'changed', areas: [{ x: 0, y: 0, width: 18, height: 16 }] });
    expect([dots(0, 14), dots(1, 14)]).toEqual(['.........', '#########']);
    vga.cursorStart = 15;
    vga.cursorEnd = 3;
    screen.capture();
    expect(dots(1, 15)).toBe('.........');
  });

  it('takes bit 7 of the attribute as bright paper when it is not the blinking bit', () => {
    put(0, 0, 0xf0);
    screen.capture();
    expect(pixel(0, 0)).toBe(0xa8a8a8);
    vga.attributeMode &= ~8;
    screen.capture();
    expect(pixel(0, 0)).toBe(INK);
  });

  it('chooses between two fonts by bit 3 of the attribute', () => {
    vga.characterMapSelect = 0x04;
    vga.colorPlaneEnable = 7;
    vga.dac[7] = INK;
    glyph(0x41, 0, 0x80, 0x4000);
    glyph(0x41, 0, 0x01);
    put(0, 0x41, 0x0f);
    put(1, 0x41, 0x07);
    screen.capture();
    expect([dots(0, 0), dots(1, 0)]).toEqual(['#........', '.......#.']);
  });

  it('follows fonts, palettes, PEL mask and internal palette that the guest loads later', () => {
    put(0, 0x41, 0x0f);
    screen.capture();
    glyph(0x41, 0, 0xff);
    expect(screen.capture().kind).toBe('changed');
    expect(dots(0, 0)).toBe('########.');
    vga.dac[15] = 0x123456;
    screen.capture();
    expect(pixel(0, 0)).toBe(0x123456);
    vga.internalPalette[15] = 1;
    screen.capture();
    expect(pixel(0, 0)).toBe(BLUE);
    vga.pelMask = 0;
    screen.capture();
    expect(pixel(0, 0)).toBe(0);
  });

  it('scrolls with the start address, wraps rows by the offset, and splits at line compare', () => {
    put(100, 0x41, 0x1f);
    vga.startAddress = 100;
    vga.offset = 50;
    put(200, 0x42, 0x1f);
    vga.lineCompare = 32;
    put(0, 0x43, 0x1f);
    screen.capture();
    expect([pixel(0, 0), pixel(0, 16), pixel(0, 32), pixel(9, 0)]).toEqual([BLUE, BLUE, BLUE, 0]);
  });

  it('is as large as its cells: 80 × 50, 132 and 40 columns, eight dots', () => {
    const sizes: [number, number][] = [];
    const measure = () => {
      expect(screen.capture().kind).toBe('resized');
      sizes.push([screen.width, screen.height]);
    };
    measure();
    Object.assign(vga, { rows: 50, maximumScanLine: 0x47 });
    measure();
    Object.assign(vga, { columns: 132, offset: 66, clockingMode: 1 });
    measure();
    Object.assign(vga, { columns: 40, rows: 25, offset: 20, clockingMode: 9, maximumScanLine: 0x4f });
    measure();
    expect(sizes).toEqual([
      [720, 400],
      [720, 400],
      [1056, 400],
      [640, 400],
    ]);
  });

  it('is black while the guest has the screen off', () => {
    put(0, 0, 0x1f);
    vga.blanked = true;
    screen.capture();
    expect(screen.pixels.every(value => value === 0)).toBe(true);
  });

  it('frees its memory when it is forgotten', () => {
    screen.capture();
    screen.forget();
    expect([screen.width, screen.pixels.length]).toEqual([0, 0]);
    expect(screen.capture()).toEqual({ kind: 'resized' });
  });
});

describe('a linear frame buffer', () => {
  const memory = new Uint8Array(64 * 32 * 4);
  let dirty = { first: 0, end: 0 };
  const show = (bitsPerPixel: number, offsetBytes = 0): void => {
    const bytes = (bitsPerPixel + 7) >> 3;
    vga.mode = 'linear';
    vga.linear = (): LinearMode => ({
      width: 64,
      height: 32,
      bitsPerPixel,
      strideBytes: 64 * bytes,
      offsetBytes,
      memory,
      dirtyRows: () => dirty,
    });
  };

  it.each([
    [8, [15], INK],
    [15, [0xff, 0x7f], INK],
    [15, [0x1f, 0x00], 0x0000ff],
    [16, [0x00, 0xf8], 0xff0000],
    [16, [0xe0, 0x07], 0x00ff00],
    [24, [0x56, 0x34, 0x12], 0x123456],
    [32, [0x56, 0x34, 0x12, 0xff], 0x123456],
  ])('of %i bits reads %j', (bits, bytes, expected) => {
    memory.fill(0);
    memory.set(bytes, 3 * bytes.length);
    show(bits);
    screen.capture();
    expect([pixel(2, 0), pixel(3, 0)]).toEqual([0, expected]);
  });

  it('looks only at rows that were written, and tells those that changed', () => {
    memory.fill(0);
    show(32);
    dirty = { first: 0, end: 0 };
    screen.capture();
    memory[20 * 256] = 1;
    expect(screen.capture()).toEqual({ kind: 'same' });
    dirty = { first: 20, end: 21 };
    expect(screen.capture()).toEqual({ kind: 'changed', areas: [{ x: 0, y: 16, width: 64, height: 16 }] });
    expect(screen.capture()).toEqual({ kind: 'same' });
  });

  it('is black beyond the end of its memory, and does not fail at absurd sizes', () => {
    memory.fill(0xff);
    show(32, memory.length - 256);
    screen.capture();
    expect([pixel(0, 0), pixel(0, 1)]).toEqual([INK, 0]);
    const mode = vga.linear();
    vga.linear = () => ({ ...mode, width: 65535, height: 65535 });
    expect(screen.capture()).toEqual({ kind: 'same' });
    vga.linear = () => ({ ...mode, width: 0, height: 0 });
    expect(screen.capture()).toEqual({ kind: 'same' });
  });
});
