import type { LinearMode, VgaRegisters } from '../devices/vga/index.js';
import type { EngineCpu, EngineVga } from './private-api.js';

const SCREEN_OFF = 0x20;
/** Pixels that v86 notes around one written address. */
const WRITE_SPAN = 8;
const ANY_DEPTH = 32;

/** v86's VGA as the picture's code sees one. */
export class EngineVgaRegisters implements VgaRegisters {
  readonly #cpu: EngineCpu;
  readonly #vga: EngineVga;

  constructor(cpu: EngineCpu) {
    this.#cpu = cpu;
    this.#vga = cpu.devices.vga;
  }

  get mode(): VgaRegisters['mode'] {
    if (this.#vga.svga_enabled) return 'linear';
    return this.#vga.graphical_mode ? 'planar' : 'text';
  }

  get blanked(): boolean {
    if (this.#vga.svga_enabled) return false;
    return this.#vga.palette_source === 0 || (this.#vga.clocking_mode & SCREEN_OFF) !== 0;
  }

  get planes(): Uint8Array {
    return this.#vga.vga_memory;
  }

  get dac(): Int32Array {
    return this.#vga.vga256_palette;
  }

  get internalPalette(): Uint8Array {
    return this.#vga.dac_map;
  }

  get pelMask(): number {
    return this.#vga.dac_mask;
  }

  get attributeMode(): number {
    return this.#vga.attribute_mode;
  }

  get colorPlaneEnable(): number {
    return this.#vga.color_plane_enable;
  }

  get panning(): number {
    return this.#vga.horizontal_panning;
  }

  get colorSelect(): number {
    return this.#vga.color_select;
  }

  get clockingMode(): number {
    return this.#vga.clocking_mode;
  }

  get characterMapSelect(): number {
    return this.#vga.character_map_select;
  }

  get graphicsMode(): number {
    return this.#vga.planar_mode;
  }

  get presetRowScan(): number {
    return this.#vga.preset_row_scan;
  }

  get maximumScanLine(): number {
    return this.#vga.max_scan_line;
  }

  get cursorStart(): number {
    return this.#vga.cursor_scanline_start;
  }

  get cursorEnd(): number {
    return this.#vga.cursor_scanline_end;
  }

  get startAddress(): number {
    return this.#vga.start_address;
  }

  get cursorAddress(): number {
    return this.#vga.cursor_address;
  }

  get offset(): number {
    return this.#vga.offset_register;
  }

  get underlineLocation(): number {
    return this.#vga.underline_location_register;
  }

  get crtcMode(): number {
    return this.#vga.crtc_mode;
  }

  get lineCompare(): number {
    return this.#vga.line_compare;
  }

  get columns(): number {
    return this.#vga.max_cols;
  }

  get rows(): number {
    return this.#vga.max_rows;
  }

  get width(): number {
    return this.#vga.screen_width;
  }

  get height(): number {
    return this.#vga.screen_height;
  }

  get virtualWidth(): number {
    return this.#vga.virtual_width;
  }

  dirtyPixels(): { readonly first: number; readonly end: number } {
    const range = { first: this.#vga.diff_addr_min, end: this.#vga.diff_addr_max + WRITE_SPAN };
    this.#vga.reset_diffs();
    return range;
  }

  linear(): LinearMode {
    const { svga_width: width, svga_height: height, svga_bpp: bitsPerPixel, svga_offset: offset } = this.#vga;
    const bytesPerPixel = (bitsPerPixel + 7) >> 3;
    const strideBytes = width * bytesPerPixel;
    const offsetBytes = offset * bytesPerPixel;
    return {
      width,
      height,
      bitsPerPixel,
      strideBytes,
      offsetBytes,
      memory: new Uint8Array(
        this.#cpu.wasm_memory.buffer,
        this.#vga.svga_memory.byteOffset,
        this.#vga.vga_memory_size,
      ),
      dirtyRows: () => this.#dirtyRows(offsetBytes, strideBytes),
    };
  }

  /** The core notes written pages of the frame buffer; asking forgets them. It does not look at a depth of 8. */
  #dirtyRows(offsetBytes: number, strideBytes: number): { first: number; end: number } {
    const cpu = this.#cpu;
    cpu.svga_fill_pixel_buffer(ANY_DEPTH, 0);
    const min = cpu.svga_dirty_bitmap_min_offset[0] ?? 0;
    const max = cpu.svga_dirty_bitmap_max_offset[0] ?? 0;
    return {
      first: Math.floor((min - offsetBytes) / strideBytes),
      end: Math.floor((max - offsetBytes) / strideBytes) + 1,
    };
  }
}
