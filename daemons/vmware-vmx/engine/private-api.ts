/// <reference path="./webassembly.d.ts" />
import type { V86Options } from 'v86';

/**
 * Everything private of npm v86 that this engine touches, as measured on the pinned version: a contract test visits
 * every name. Views (mem8, in_hlt, …) are proxies that follow memory growth; each use makes a typed array.
 */
export const ENGINE_VERSION = '0.5.462';

/** First slot of the table of compiled blocks in `wm.wasm_table`. */
export const WASM_TABLE_OFFSET = 1024;

export type PortRead = (port: number) => number;
export type PortWrite = (value: number) => void;

export interface PortEntry {
  read8: PortRead;
  read16: PortRead;
  read32: PortRead;
  write8: PortWrite;
  write16: PortWrite;
  write32: PortWrite;
  device: unknown;
}

export interface EngineIo {
  readonly ports: PortEntry[];
  register_read(port: number, device: object, r8?: PortRead, r16?: PortRead, r32?: PortRead): void;
  register_write(port: number, device: object, w8?: PortWrite, w16?: PortWrite, w32?: PortWrite): void;
}

export interface EngineRtc {
  readonly cmos_data: Uint8Array;
  cmos_read(index: number): number;
  cmos_write(index: number, value: number): void;
  timer(nowMs: number, legacy: boolean): number;
}

export interface EngineUart {
  readonly input: number[];
  modem_control: number;
}

/** A disk as v86's loader and its IDE interface see it. */
export interface EngineMedium {
  readonly byteLength: number;
  load(): void;
  onload?: (event: object) => void;
  get(offset: number, length: number, done: (data: Uint8Array) => void): void;
  set(offset: number, data: Uint8Array, done: () => void): void;
  get_and_cache(offset: number, length: number, done: (data: Uint8Array) => void): void;
  get_from_cache(offset: number, length: number): Uint8Array | undefined;
  get_buffer(done: (data: undefined) => void): void;
  get_state(): unknown[];
  set_state(state: unknown[]): void;
}

export interface IdeChannel {
  readonly master: IdeInterface;
  readonly slave: IdeInterface;
  prdt_addr: number;
  dma_status: number;
  dma_command: number;
  write_control(value: number): void;
}

export interface IdeInterface {
  readonly channel: IdeChannel;
  readonly cpu: EngineCpu;
  buffer: EngineMedium | null;
  status_reg: number;
  error_reg: number;
  current_command: number;
  readonly data: Uint8Array;
  data_length: number;
  write_dest: number;
  readonly sector_size: number;
  readonly is_atapi: boolean;
  push_irq(): void;
  ata_abort_command(): void;
  atapi_handle(): void;
  atapi_check_condition_response(senseKey: number, additionalCode: number): void;
  get_count(lba48: boolean): number;
  get_lba(lba48: boolean): number;
  ata_advance(command: number, sectors: number): void;
  ata_command(command: number): void;
  device_reset(): void;
  eject(): void;
  set_cdrom(medium: EngineMedium): void;
  read_buffer(offset: number, length: number, done: (data: Uint8Array) => void): void;
  do_write(): void;
  do_ata_read_sectors_dma(): void;
  do_ata_write_sectors_dma(): void;
  cancel_io_operations(): void;
}

/** v86's VGA: registers decoded as it needs them. `palette_source` and the like keep their bit's place. */
export interface EngineVga {
  readonly graphical_mode: boolean;
  readonly svga_enabled: boolean;
  readonly svga_width: number;
  readonly svga_height: number;
  readonly svga_bpp: number;
  /** In pixels. */
  readonly svga_offset: number;
  /** A view that follows memory growth. */
  readonly svga_memory: Uint8Array;
  readonly vga_memory_size: number;
  readonly vga_memory: Uint8Array;
  readonly vga256_palette: Int32Array;
  readonly dac_map: Uint8Array;
  readonly dac_mask: number;
  readonly max_cols: number;
  readonly max_rows: number;
  readonly screen_width: number;
  readonly screen_height: number;
  readonly virtual_width: number;
  readonly start_address: number;
  readonly cursor_address: number;
  readonly cursor_scanline_start: number;
  readonly cursor_scanline_end: number;
  readonly palette_source: number;
  readonly attribute_mode: number;
  readonly color_plane_enable: number;
  readonly horizontal_panning: number;
  readonly color_select: number;
  readonly clocking_mode: number;
  readonly character_map_select: number;
  readonly planar_mode: number;
  readonly preset_row_scan: number;
  readonly max_scan_line: number;
  readonly offset_register: number;
  readonly underline_location_register: number;
  readonly crtc_mode: number;
  readonly line_compare: number;
  /** Pixels that planar writes touched since `reset_diffs`. */
  readonly diff_addr_min: number;
  readonly diff_addr_max: number;
  reset_diffs(): void;
}

export interface EngineDevices {
  rtc: EngineRtc;
  readonly ide: { readonly primary?: IdeChannel; readonly secondary?: IdeChannel };
  readonly pci: object;
  readonly acpi?: { status: number; pm1_status: number; pm1_enable: number };
  readonly vga: EngineVga;
  /** The backdoor's mouse; `queue` in words, four per packet. */
  readonly vmware: { readonly enabled: boolean; readonly absolute: boolean; readonly queue: number[] };
  readonly uart0: EngineUart;
  readonly uart1?: EngineUart;
  readonly uart2?: EngineUart;
  readonly uart3?: EngineUart;
}

export interface EngineCpu {
  main_loop(): number;
  stop_idling(): void;
  reboot_internal(): void;
  codegen_finalize_finished(index: number, start: number, flags: number): void;
  jit_dirty_cache(start: number, end: number): void;
  device_raise_irq(line: number): void;
  device_lower_irq(line: number): void;
  read8(address: number): number;
  read16(address: number): number;
  read32s(address: number): number;
  write32(address: number, value: number): void;
  write_blob(data: Uint8Array, address: number): void;
  /** Looks which pages of the frame buffer were written since the last call and tells their range, in bytes. */
  svga_fill_pixel_buffer(bitsPerPixel: number, offsetPixels: number): void;
  readonly svga_dirty_bitmap_min_offset: Uint32Array;
  readonly svga_dirty_bitmap_max_offset: Uint32Array;
  readonly in_hlt: Uint8Array;
  readonly cpl: Uint8Array;
  readonly instruction_counter: Int32Array;
  readonly memory_size: Int32Array;
  readonly mem8: Uint8Array;
  readonly wasm_memory: WebAssembly.Memory;
  readonly jit_imports: Record<string, unknown>;
  readonly wm: { readonly wasm_table: WebAssembly.Table };
  readonly reg32: Int32Array;
  readonly flags: Int32Array;
  readonly io: EngineIo;
  readonly devices: EngineDevices;
  pack_memory(): unknown;
  unpack_memory(bitmap: unknown, packed: Uint8Array): void;
}

export interface PrivateEmulator {
  readonly v86: { readonly cpu: EngineCpu; readonly constructor: { microtick: () => number } };
  readonly bus: { send(name: string, value: unknown): void };
  readonly screen_adapter: { get_text_screen(): string[] };
  add_listener(name: string, listener: (value: never) => void): void;
  run(): Promise<void>;
  stop(): Promise<void>;
  destroy(): Promise<void>;
}

/** The imports that v86 gives its WebAssembly core; the engine replaces some. */
export interface CoreImports {
  microtick: () => number;
  get_rand_int: () => number;
  codegen_finalize: (index: number, start: number, flags: number, pointer: number, length: number) => void;
  abort: () => void;
  console_log_from_wasm: (pointer: number, length: number) => void;
  readonly __indirect_function_table: WebAssembly.Table;
}

/** The exports of the core that the engine looks at before v86 does. */
export interface CoreExports {
  readonly memory: WebAssembly.Memory;
  readonly allocate_memory: (lengthBytes: number) => number;
  /** Added by core-patch. */
  readonly [extra: `openesx_${string}`]: { value: number };
}

/** Constructor options that v86's typings leave out or type too narrowly. */
export type PrivateOptions = Omit<V86Options, 'hda' | 'hdb' | 'cdrom' | 'net_device' | 'wasm_fn'> & {
  hda?: EngineMedium;
  hdb?: EngineMedium;
  cdrom?: EngineMedium;
  net_device?: { type: 'none' };
  wasm_fn?: (imports: { env: CoreImports }) => Promise<CoreExports>;
};
