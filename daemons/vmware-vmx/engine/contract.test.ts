/// <reference path="./webassembly.d.ts" />
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { V86 } from 'v86';
import { describe, expect, it } from 'vitest';
import { MiniBios } from './mini-bios.js';
import { ENGINE_VERSION, type PrivateEmulator, WASM_TABLE_OFFSET } from './private-api.js';

const require = createRequire(import.meta.url);

async function machine(): Promise<{ emulator: PrivateEmulator; imports: string[]; exports: string[] }> {
  const imports: string[] = [];
  const exports: string[] = [];
  const options = {
    wasm_fn: async (given: { env: Record<string, unknown> }) => {
      imports.push(...Object.keys(given.env));
      const module = new WebAssembly.Module(readFileSync(require.resolve('v86/build/v86.wasm')));
      const instance = new WebAssembly.Instance(module, given);
      exports.push(...Object.keys(instance.exports));
      return instance.exports;
    },
    bios: { buffer: new MiniBios().spin().buffer },
    vga_bios: { buffer: new ArrayBuffer(512) },
    memory_size: 4 << 20,
    vga_memory_size: 1 << 20,
    acpi: true,
    autostart: false,
    disable_keyboard: true,
    disable_mouse: true,
    disable_speaker: true,
    net_device: { type: 'none' },
    uart1: true,
    uart2: true,
    uart3: true,
    hda: {
      byteLength: 1024,
      load(this: { onload?: (event: object) => void }) {
        this.onload?.({});
      },
      get: () => undefined,
      set: () => undefined,
      get_and_cache: (_at: number, _length: number, done: (data: Uint8Array) => void) =>
        done(new Uint8Array(512)),
      get_from_cache: () => undefined,
    },
  };
  const emulator = new V86(options as never) as unknown as PrivateEmulator;
  await new Promise<void>(resolve => emulator.add_listener('emulator-loaded', () => resolve()));
  return { emulator, imports, exports };
}

/** What the picture reads of the VGA; the core looks for written pages without a buffer to draw into. */
function expectVga({ v86: { cpu } }: PrivateEmulator): void {
  const { vga } = cpu.devices;
  const numbers = [
    'svga_width',
    'svga_height',
    'svga_bpp',
    'svga_offset',
    'vga_memory_size',
    'dac_mask',
    'max_cols',
    'max_rows',
    'screen_width',
    'screen_height',
    'virtual_width',
    'start_address',
    'cursor_address',
    'cursor_scanline_start',
    'cursor_scanline_end',
    'palette_source',
    'attribute_mode',
    'color_plane_enable',
    'horizontal_panning',
    'color_select',
    'clocking_mode',
    'character_map_select',
    'planar_mode',
    'preset_row_scan',
    'max_scan_line',
    'offset_register',
    'underline_location_register',
    'crtc_mode',
    'line_compare',
    'diff_addr_min',
    'diff_addr_max',
  ] as const;
  for (const name of numbers) expect(typeof vga[name], name).toBe('number');
  expect(vga.graphical_mode).toBe(false);
  expect(vga.svga_enabled).toBe(false);
  expect(vga.vga_memory).toHaveLength(0x40000);
  expect(vga.vga256_palette).toBeInstanceOf(Int32Array);
  expect(vga.dac_map).toHaveLength(16);
  vga.reset_diffs();
  expect(vga.diff_addr_min).toBeGreaterThan(vga.diff_addr_max);
  cpu.svga_fill_pixel_buffer(32, 0);
  expect(typeof cpu.svga_dirty_bitmap_min_offset[0]).toBe('number');
  expect(typeof cpu.svga_dirty_bitmap_max_offset[0]).toBe('number');
}

describe('the private API of v86', () => {
  it('is that of the pinned version', () => {
    const folder = require.resolve('v86').replace(/build\/[^/]*$/, '');
    const { version } = JSON.parse(readFileSync(`${folder}package.json`, 'utf8')) as { version: string };
    expect(version.split('+')[0]).toBe(ENGINE_VERSION);
  });

  it('has every name that the engine touches', async () => {
    const { emulator, imports, exports } = await machine();
    const { cpu } = emulator.v86;
    expect(imports).toEqual(
      expect.arrayContaining([
        'microtick',
        'codegen_finalize',
        'get_rand_int',
        'abort',
        'console_log_from_wasm',
      ]),
    );
    expect(exports).toEqual(expect.arrayContaining(['memory', 'allocate_memory', 'main_loop']));
    const methods = [
      'main_loop',
      'stop_idling',
      'reboot_internal',
      'codegen_finalize_finished',
      'jit_dirty_cache',
      'device_raise_irq',
      'device_lower_irq',
      'read8',
      'read16',
      'read32s',
      'write_blob',
      'pack_memory',
      'unpack_memory',
    ] as const;
    for (const name of methods) expect(typeof cpu[name], name).toBe('function');
    for (const name of ['in_hlt', 'instruction_counter', 'memory_size', 'reg32', 'flags'] as const)
      expect(typeof cpu[name][0], name).toBe('number');
    expect(cpu.memory_size[0]).toBe(4 << 20);
    expect(cpu.mem8.byteOffset % 4096).toBe(0);
    expect(cpu.wasm_memory.buffer.byteLength).toBeGreaterThan(4 << 20);
    expect(typeof cpu.jit_imports).toBe('object');
    expect(typeof cpu.wm.wasm_table.set).toBe('function');
    expect(WASM_TABLE_OFFSET).toBe(1024);
    expect(typeof emulator.v86.constructor.microtick).toBe('function');
    expect(emulator.screen_adapter.get_text_screen()).toHaveLength(25);
    expect(typeof emulator.bus.send).toBe('function');
  });

  it('has the devices whose parts the engine replaces', async () => {
    const { emulator } = await machine();
    const { devices, io } = emulator.v86.cpu;
    expect(io.ports).toHaveLength(65536);
    for (const port of [0x60, 0x64, 0x70, 0x71, 0x5658, 0xb004])
      expect(io.ports[port]?.device, `port ${port}`).toBeDefined();
    expect(devices.rtc.cmos_data).toHaveLength(128);
    for (const name of ['timer', 'cmos_read', 'cmos_write'] as const)
      expect(typeof devices.rtc[name], name).toBe('function');
    for (const uart of [devices.uart0, devices.uart1, devices.uart2, devices.uart3])
      expect(Array.isArray(uart?.input)).toBe(true);
    expectVga(emulator);
    expect(devices.acpi?.status).toBe(1);
    expect(devices.vmware).toMatchObject({ enabled: false, absolute: false, queue: [] });
    const { primary } = devices.ide;
    for (const name of ['prdt_addr', 'dma_status', 'dma_command'] as const)
      expect(typeof primary?.[name], name).toBe('number');
    const methods = [
      'push_irq',
      'get_count',
      'get_lba',
      'ata_advance',
      'ata_command',
      'device_reset',
      'read_buffer',
      'do_write',
      'do_ata_read_sectors_dma',
      'do_ata_write_sectors_dma',
      'cancel_io_operations',
      'eject',
      'set_cdrom',
      'ata_abort_command',
      'atapi_handle',
      'atapi_check_condition_response',
    ] as const;
    for (const name of methods) expect(typeof primary?.master[name], name).toBe('function');
    const words = [
      'status_reg',
      'error_reg',
      'current_command',
      'data_length',
      'write_dest',
      'sector_size',
    ] as const;
    for (const name of words) expect(typeof primary?.master[name], name).toBe('number');
    expect(primary?.master.data).toBeInstanceOf(Uint8Array);
    expect(primary?.master.channel).toBe(primary);
    expect(devices.ide.secondary?.master.is_atapi).toBe(true);
    expect(primary?.slave).not.toBe(primary?.master);
  });
});
