import { fstatSync, openSync, read, readFileSync, write } from 'node:fs';
import { createRequire } from 'node:module';
import { V86, type V86Options } from 'v86';
import type { EngineMedium, PrivateEmulator, PrivateOptions } from './private-api.js';

export interface StockOptions {
  readonly memoryBytes: number;
  readonly biosPath: string;
  readonly vgaBiosPath: string;
  readonly diskPaths: readonly string[];
  readonly onSerial: (byte: number) => void;
}

/** v86 the way its users run it in Node: its own loop, its own compiler, an asynchronous file as disk. For comparison. */
export class StockMachine {
  readonly #emulator: PrivateEmulator;

  private constructor(emulator: PrivateEmulator) {
    this.#emulator = emulator;
  }

  static async start(options: StockOptions): Promise<StockMachine> {
    const image = (path: string) => ({ buffer: new Uint8Array(readFileSync(path)).buffer });
    const [hda, hdb] = options.diskPaths.map(fileMedium);
    const settings: PrivateOptions = {
      wasm_path: createRequire(import.meta.url).resolve('v86/build/v86.wasm'),
      memory_size: options.memoryBytes,
      bios: image(options.biosPath),
      vga_bios: image(options.vgaBiosPath),
      acpi: true,
      fastboot: true,
      autostart: false,
      disable_keyboard: true,
      disable_mouse: true,
      disable_speaker: true,
      net_device: { type: 'none' },
      ...(hda && { hda }),
      ...(hdb && { hdb }),
    };
    const emulator = new V86(settings as unknown as V86Options) as unknown as PrivateEmulator;
    await new Promise<void>(resolve => emulator.add_listener('emulator-loaded', () => resolve()));
    emulator.add_listener('serial0-output-byte', options.onSerial);
    const { io } = emulator.v86.cpu;
    const none = () => 0;
    // Without answers there Linux believes that SeaBIOS's hot-plug slots were all removed, and boots without a disk.
    for (let port = 0xae00; port < 0xae14; port++) io.register_read(port, {}, none, none, none);
    for (let port = 0xaf00; port < 0xaf20; port++) io.register_read(port, {}, none, none, none);
    const machine = new StockMachine(emulator);
    await emulator.run();
    return machine;
  }

  send(bytes: Uint8Array): void {
    for (const byte of bytes) this.#emulator.bus.send('serial0-input', byte);
  }

  get instructions(): number {
    return (this.#emulator.v86.cpu.instruction_counter[0] ?? 0) >>> 0;
  }

  stop(): Promise<void> {
    return this.#emulator.stop();
  }
}

function fileMedium(path: string): EngineMedium {
  const fd = openSync(path, 'r+');
  let firstSector: Uint8Array | undefined;
  const get = (offset: number, length: number, done: (data: Uint8Array) => void) => {
    const bytes = new Uint8Array(length);
    read(fd, bytes, 0, length, offset, error => {
      if (error !== null) throw error;
      done(bytes);
    });
  };
  return {
    byteLength: fstatSync(fd).size,
    load() {
      this.onload?.({});
    },
    get,
    set: (offset, data, done) => {
      const copy = data.slice();
      write(fd, copy, 0, copy.length, offset, error => {
        if (error !== null) throw error;
        done();
      });
    },
    get_and_cache: (offset, length, done) =>
      get(offset, length, data => {
        if (offset === 0) firstSector = data;
        done(data);
      }),
    get_from_cache: (offset, length) => (offset === 0 ? firstSector?.subarray(0, length) : undefined),
    get_buffer: done => done(undefined),
    get_state: () => [],
    set_state: () => undefined,
  };
}
