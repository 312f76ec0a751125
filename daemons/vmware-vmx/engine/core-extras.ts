/// <reference path="./webassembly.d.ts" />
import type { CpuidMask } from '../../../lib/vmx/index.js';
import { AreaLayout, EXTRA_GLOBALS } from './core-patch.js';
import type { CoreExports, EngineCpu } from './private-api.js';

export const VECTORS = 256;
const MASK_WORDS = AreaLayout.maskEntryBytes / 4;

/** The engine's end of what `core-patch` taught the core: counts since power-on, masks of CPUID. */
export class CoreExtras {
  readonly #memory: WebAssembly.Memory;
  readonly #area: number;
  readonly #globals: Readonly<Record<keyof typeof EXTRA_GLOBALS, { value: number }>>;

  /** @param nowMs the real clock, whatever the guest's is */
  constructor(exports: CoreExports, table: WebAssembly.Table, nowMs: () => number) {
    this.#memory = exports.memory;
    this.#globals = Object.fromEntries(
      Object.entries(EXTRA_GLOBALS).map(([name, exported]) => [name, exports[exported]]),
    ) as Record<keyof typeof EXTRA_GLOBALS, { value: number }>;
    this.#area = exports.allocate_memory(AreaLayout.sizeBytes) >>> 0;
    this.#words().fill(0);
    this.#globals.area.value = this.#area;
    this.#globals.clockSlot.value = table.grow(1, clockFunction(nowMs));
  }

  /** Time spent translating the guest's code. */
  get translateMs(): number {
    return this.#globals.translateMs.value;
  }

  /** Instructions executed outside ring 0; between slices. */
  userInstructions(cpu: EngineCpu): number {
    const { userInstructions, level, levelSince } = this.#globals;
    if (level.value !== 0) {
      const counter = cpu.instruction_counter[0] ?? 0;
      userInstructions.value += (counter - levelSince.value) >>> 0;
      levelSince.value = counter;
    }
    return userInstructions.value;
  }

  /** Interrupts by vector, 256 of the PIC, then 256 of the local APIC; a view for at once. */
  vectors(): Uint32Array {
    return new Uint32Array(this.#memory.buffer, this.#area + AreaLayout.picVectors, 2 * VECTORS);
  }

  /** Takes bits away from what CPUID answers, from the next one on. @throws RangeError for too many leaves */
  maskCpuid(masks: readonly Pick<CpuidMask, 'leaf' | 'register' | 'zeros'>[]): void {
    const leaves = [...new Set(masks.map(mask => mask.leaf))];
    if (leaves.length > AreaLayout.maxMasks)
      throw new RangeError(`${leaves.length} leaves of CPUID are too many`);
    const words = this.#words();
    words[AreaLayout.maskBytes / 4] = leaves.length * AreaLayout.maskEntryBytes;
    leaves.forEach((leaf, i) => {
      const stay = [-1, -1, -1, -1];
      for (const mask of masks)
        if (mask.leaf === leaf) stay[mask.register] = (stay[mask.register] ?? -1) & ~mask.zeros;
      words.set([leaf, ...stay], AreaLayout.masks / 4 + i * MASK_WORDS);
    });
  }

  #words(): Int32Array {
    return new Int32Array(this.#memory.buffer, this.#area, AreaLayout.sizeBytes / 4);
  }
}

/** Only functions of WebAssembly stand in a table: a module that hands out what it imports makes one of ours. */
function clockFunction(nowMs: () => number): unknown {
  const bytes = Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 5, 1, 0x60, 0, 1, 0x7c],
    ...[2, 7, 1, 1, 0x65, 1, 0x66, 0, 0],
    ...[7, 5, 1, 1, 0x66, 0, 0],
  );
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { e: { f: nowMs } }).exports.f;
}
