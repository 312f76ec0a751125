/// <reference path="./webassembly.d.ts" />
import type { CpuidMask } from '../../../lib/vmx/index.js';
import { AreaLayout, EXTRA_GLOBALS } from './core-patch.js';
import type { CoreExports, EngineCpu } from './private-api.js';
import { type RingCosts, RingTimer, type RingView } from './ring-costs.js';

export const VECTORS = 256;
const MASK_WORDS = AreaLayout.maskEntryBytes / 4;

/** The engine's end of what `core-patch` taught the core: counts since power-on, masks of CPUID. */
export class CoreExtras {
  readonly #memory: WebAssembly.Memory;
  readonly #area: number;
  readonly #globals: Readonly<Record<keyof typeof EXTRA_GLOBALS, { value: number }>>;

  readonly #ringTimer: RingTimer;
  readonly #look: () => RingView;

  /**
   * @param nowMs the real clock, whatever the guest's is
   * @param deviceMark moves with every call of a device
   */
  constructor(exports: CoreExports, table: WebAssembly.Table, nowMs: () => number, deviceMark: () => number) {
    this.#memory = exports.memory;
    this.#globals = Object.fromEntries(
      Object.entries(EXTRA_GLOBALS).map(([name, exported]) => [name, exports[exported]]),
    ) as Record<keyof typeof EXTRA_GLOBALS, { value: number }>;
    this.#area = exports.allocate_memory(AreaLayout.sizeBytes) >>> 0;
    this.#words().fill(0);
    this.#globals.area.value = this.#area;
    this.#globals.clockSlot.value = table.grow(1, tableFunction(nowMs, [F64]));
    const { level, levelSince, translateMs, untilChange, changeSlot } = this.#globals;
    this.#look = () => ({
      level: level.value,
      sinceInstruction: levelSince.value,
      translateMs: translateMs.value,
      deviceMark: deviceMark(),
    });
    this.#ringTimer = new RingTimer(nowMs);
    const changed = () => {
      untilChange.value = this.#ringTimer.changed(this.#look);
    };
    changeSlot.value = table.grow(1, tableFunction(changed, []));
    untilChange.value = 1;
  }

  /** Time spent translating the guest's code. */
  get translateMs(): number {
    return this.#globals.translateMs.value;
  }

  get ringCosts(): RingCosts {
    return this.#ringTimer;
  }

  /** Instructions executed outside ring 0; between slices. */
  userInstructions(cpu: EngineCpu): number {
    const { userInstructions, level, levelSince } = this.#globals;
    this.#ringTimer.sliceEnded(this.#look, cpu.instruction_counter[0] ?? 0);
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

const F64 = 0x7c;

/** Only functions of WebAssembly stand in a table: a module that hands out what it imports makes one of ours. */
function tableFunction(call: () => unknown, results: readonly number[]): unknown {
  const bytes = Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 4 + results.length, 1, 0x60, 0, results.length, ...results],
    ...[2, 7, 1, 1, 0x65, 1, 0x66, 0, 0],
    ...[7, 5, 1, 1, 0x66, 0, 0],
  );
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { e: { f: call } }).exports.f;
}
