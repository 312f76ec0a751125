/// <reference path="./webassembly.d.ts" />
import { CORE_CODE_PATH, loadCore, setTiers } from './core-code.js';
import { CoreExtras } from './core-extras.js';
import { DeviceTime } from './device-time.js';
import type { CoreExports, CoreImports, EngineCpu } from './private-api.js';
import { WASM_TABLE_OFFSET } from './private-api.js';
import type { EngineSeam } from './seam.js';

/** Where the guest's RAM lies in the engine's memory; told right after it was reserved and before anything touches it. */
export interface RamPlacement {
  readonly buffer: ArrayBuffer;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

export interface CoreOptions {
  readonly memoryBytes: number;
  readonly seam: EngineSeam;
  /**
   * synchronous: blocks are compiled inside the slice that needs them, so the thread may sleep between slices without
   * an event loop. stock: v86's own way, for comparison; needs the event loop.
   */
  readonly translation: 'synchronous' | 'stock';
  readonly placeRam?: ((ram: RamPlacement) => void) | undefined;
}

/**
 * v86's WebAssembly core with its imports replaced: clock, chance, compiler, last words.
 *
 * `main_loop()` runs rounds of 100,003 instructions until `microtick()` has moved by more than 1 ms since its first
 * call. Answering that first call early shortens the slice; timers see only the later, true answers.
 */
export class EngineCore {
  readonly #options: CoreOptions;
  #cpu: EngineCpu | undefined;
  #memory: WebAssembly.Memory | undefined;
  #extras: CoreExtras | undefined;
  readonly #deviceTime = new DeviceTime(() => performance.now());
  #unfinished: readonly [index: number, start: number, flags: number] | undefined;
  #sliceStarts = false;
  #sliceMs = 1;
  /** What the core printed last: the text of a panic. */
  lastWords = '';
  /** Blocks compiled. */
  translations = 0;

  constructor(options: CoreOptions) {
    this.#options = options;
  }

  /** The hook that v86 calls to instantiate its core. */
  readonly instantiate = async (imports: { env: CoreImports }): Promise<CoreExports> => {
    this.#replaceImports(imports.env);
    if (this.#options.translation === 'synchronous')
      this.#deviceTime.watch(imports.env as unknown as Record<string, unknown>);
    const choosesTiers = this.#options.translation === 'synchronous' && !tiersAreChosen();
    if (choosesTiers) setTiers('rising');
    const { core } = loadCore(choosesTiers ? CORE_CODE_PATH : undefined);
    const instance = new WebAssembly.Instance(
      core,
      imports as unknown as Record<string, Record<string, unknown>>,
    );
    // Blocks of the guest's code come and go: optimising them in V8's threads costs more than it gives.
    if (choosesTiers) setTiers('baseline');
    const exports = instance.exports as unknown as CoreExports;
    this.#memory = exports.memory;
    this.#extras = new CoreExtras(
      exports,
      imports.env.__indirect_function_table,
      () => performance.now(),
      () => this.#deviceTime.mark,
    );
    return { ...exports, allocate_memory: bytes => this.#allocate(exports, bytes) };
  };

  attach(cpu: EngineCpu): void {
    this.#cpu = cpu;
  }

  /** Compiled blocks are handed over between slices: the core refuses it while it runs. */
  beginSlice(sliceMs: number): void {
    if (this.#unfinished !== undefined) {
      const [index, start, flags] = this.#unfinished;
      this.#unfinished = undefined;
      this.#cpu?.codegen_finalize_finished(index, start, flags);
    }
    this.#sliceStarts = true;
    this.#sliceMs = sliceMs;
  }

  /** Counts and masks of the core; there once it is instantiated. */
  get extras(): CoreExtras {
    if (this.#extras === undefined) throw new Error('The core is not there yet');
    return this.#extras;
  }

  /** Time that the guest did not compute in its slices: its devices, the translation of its code. */
  get monitorMs(): number {
    return this.#deviceTime.ms + (this.#extras?.translateMs ?? 0);
  }

  #allocate(exports: CoreExports, lengthBytes: number): number {
    const offset = exports.allocate_memory(lengthBytes) >>> 0;
    if (lengthBytes === this.#options.memoryBytes)
      this.#options.placeRam?.({
        buffer: exports.memory.buffer,
        offsetBytes: offset,
        sizeBytes: lengthBytes,
      });
    return offset;
  }

  #replaceImports(env: CoreImports): void {
    const { seam, translation } = this.#options;
    env.get_rand_int = () => seam.randomInt();
    env.abort = () => {
      throw new WebAssembly.RuntimeError('abort');
    };
    env.console_log_from_wasm = (pointer, length) => {
      const memory = this.#memory;
      if (memory === undefined) return;
      this.lastWords = Buffer.from(memory.buffer, pointer >>> 0, length >>> 0)
        .toString('utf8')
        .slice(0, 1000);
    };
    if (translation === 'stock') {
      env.microtick = () => seam.nowMs();
      return;
    }
    env.microtick = () => this.#microtick();
    env.codegen_finalize = (index, start, flags, pointer, length) =>
      this.#translate(index, start, flags, pointer, length);
  }

  #microtick(): number {
    const now = this.#options.seam.nowMs();
    if (!this.#sliceStarts) return now;
    this.#sliceStarts = false;
    // A halted guest's first answer goes to its timers.
    return this.#cpu?.in_hlt[0] === 0 ? now - 1.001 + this.#sliceMs : now;
  }

  #translate(index: number, start: number, flags: number, pointer: number, length: number): void {
    const cpu = this.#cpu;
    if (cpu === undefined) return;
    const module = new WebAssembly.Module(
      new Uint8Array(cpu.wasm_memory.buffer, pointer >>> 0, length >>> 0),
    );
    const instance = new WebAssembly.Instance(module, { e: cpu.jit_imports });
    cpu.wm.wasm_table.set(index + WASM_TABLE_OFFSET, instance.exports.f);
    this.#unfinished = [index, start, flags];
    this.translations++;
  }
}

/** V8's own flags on the command line say it for all modules: for measurements. */
function tiersAreChosen(): boolean {
  return process.execArgv.some(flag => flag === '--liftoff-only' || flag === '--wasm-dynamic-tiering');
}
