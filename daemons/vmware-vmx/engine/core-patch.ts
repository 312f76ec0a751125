import { joined, leb, SectionId, WasmModule, WasmReader } from './wasm-module.js';

/*
 * What v86's core is taught before it is compiled. Nothing of it is taken away; in four places it does more:
 * - before it looks for the next block to run, it looks whether the privilege level is another, and counts what was
 *   executed in the one before: a block counts its instructions when it ends, and every change of the level ends one; some changes, by a countdown, call a function in the table;
 * - translation of a block is timed, by the clock that `CoreExtras` puts into the table of functions;
 * - an interrupt that the PIC or the local APIC hands over is counted by its vector;
 * - what CPUID answers goes through masks that take bits away.
 * Functions are found by their names in the module; a core of another shape is refused.
 */

/** Moves with every change of what is below: machine code made from another core must not be taken for this one's. */
export const CORE_PATCH_REVISION = 4;

/** The core's own variables, by their address. `private-api` has the views that v86 makes of the same. */
export const CoreAddress = { reg32: 64, stateFlags: 108, cpl: 612, instructionCounter: 664 } as const;

/** Globals that the patch adds, as the module exports them. */
export const EXTRA_GLOBALS = {
  /** f64: instructions executed outside ring 0 up to `levelSince`. */
  userInstructions: 'openesx_user_instructions',
  /** i32: the level that instructions since `levelSince` count for. */
  level: 'openesx_level',
  /** i32: the instruction counter when that level began. */
  levelSince: 'openesx_level_since',
  /** f64: time spent on translations, ms. */
  translateMs: 'openesx_translate_ms',
  /** i32: slot of the clock in the table of functions. */
  clockSlot: 'openesx_clock_slot',
  /** i32: changes of the level until the function in `changeSlot` is called. */
  untilChange: 'openesx_until_change',
  /** i32: its slot in the table of functions. */
  changeSlot: 'openesx_change_slot',
  /** i32: address of `AreaLayout`. */
  area: 'openesx_area',
} as const;
type ExtraGlobal = keyof typeof EXTRA_GLOBALS;

/** Memory that patch and engine share. */
export const AreaLayout = {
  /** 256 × i32: interrupts that the PIC handed over, by vector. */
  picVectors: 0,
  /** 256 × i32: … the local APIC. */
  apicVectors: 1024,
  /** i32: bytes of the masks in use. */
  maskBytes: 2048,
  /** Per leaf: its number, then the bits that stay of EAX, EBX, ECX and EDX. */
  masks: 2052,
  maskEntryBytes: 20,
  maxMasks: 32,
  sizeBytes: 4096,
} as const;

/** Of registers in `CoreAddress.reg32`, in the order of a mask: EAX, EBX, ECX, EDX. */
const MASK_REGISTERS = [0, 12, 4, 8].map(offset => CoreAddress.reg32 + offset);
/** `i32.const 0; i32.load8_u stateFlags; local.set`: the head of the loop that runs blocks. */
const BLOCK_LOOP = [0x41, 0x00, 0x2d, 0x00, ...leb(CoreAddress.stateFlags), 0x21];
const GLOBAL_ORDER: readonly ExtraGlobal[] = [
  'userInstructions',
  'level',
  'levelSince',
  'translateMs',
  'clockSlot',
  'untilChange',
  'changeSlot',
  'area',
];
const I32 = 0x7f;
const F64 = 0x7c;
const GLOBAL_TYPES: Readonly<Record<ExtraGlobal, number>> = {
  userInstructions: F64,
  level: I32,
  levelSince: I32,
  translateMs: F64,
  clockSlot: I32,
  untilChange: I32,
  changeSlot: I32,
  area: I32,
};

const END = 0x0b;
const NO_RESULT = 0x40;
const local = { get: (i: number) => [0x20, i], set: (i: number) => [0x21, i] };
const i32Const = (value: number): number[] => {
  if (value > 63 && value < 8192) return [0x41, (value & 0x7f) | 0x80, value >> 7];
  if (value >= 0 && value <= 63) return [0x41, value];
  throw new RangeError(`no short constant: ${value}`);
};
const load = (offset: number): number[] => [0x28, 2, ...leb(offset)];
const load8 = (offset: number): number[] => [0x2d, 0, ...leb(offset)];
const store = (offset: number): number[] => [0x36, 2, ...leb(offset)];
const IF = [0x04, NO_RESULT];
const I32_EQZ = 0x45;
const I32_EQ = 0x46;
const I32_NE = 0x47;
const I32_GE_U = 0x4f;
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const I32_AND = 0x71;
const I32_SHL = 0x74;
const F64_ADD = 0xa0;
const F64_SUB = 0xa1;
const F64_FROM_U32 = 0xb8;

export class CoreShapeError extends Error {
  readonly code = 'CoreShape';
  constructor(what: string) {
    super(`This build of the engine's core is not the one that is known: ${what}`);
  }
}

/** @throws CoreShapeError for another build than that of `ENGINE_VERSION` */
export function patchCore(stock: Uint8Array): Uint8Array {
  const module = new WasmModule(stock);
  const names = [...module.functionNames()];
  const found = (suffix: string): number => {
    const hits = names.filter(([name]) => name.endsWith(suffix));
    const [hit] = hits;
    if (hit === undefined || hits.length > 1) throw new CoreShapeError(`${hits.length} functions ${suffix}`);
    return hit[1];
  };
  const functions = new Functions(module);
  const globals = addGlobals(module);
  const clockType = functions.typeOf(found('2js9microtick'));
  functions.wrap(found('24jit_analyze_and_generate'), original => timed(original, clockType, globals));
  functions.wrap(found('3pic19pic_acknowledge_irq'), original =>
    counted(original, AreaLayout.picVectors, globals),
  );
  functions.wrap(found('4apic15acknowledge_irq'), original =>
    counted(original, AreaLayout.apicVectors, globals),
  );
  functions.wrap(found('instr_0FA2'), original => masked(original, globals));
  const plainType = functions.typeOf(found('instr_0FA2'));
  const levelChanged = functions.add(plainType, changeOfLevel(plainType, globals));
  functions.insert(found('main_loop'), BLOCK_LOOP, watchLevel(levelChanged, globals));
  functions.writeTo(module);
  return module.bytes();
}

type Globals = Readonly<Record<ExtraGlobal, { readonly get: number[]; readonly set: number[] }>>;

function addGlobals(module: WasmModule): Globals {
  const first = module.append(
    SectionId.global,
    GLOBAL_ORDER.map(name =>
      GLOBAL_TYPES[name] === F64 ? [F64, 1, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, END] : [I32, 1, 0x41, 0, END],
    ),
  );
  const place = (name: ExtraGlobal): number[] => leb(first + GLOBAL_ORDER.indexOf(name));
  module.append(
    SectionId.export,
    GLOBAL_ORDER.map(name => {
      const text = [...Buffer.from(EXTRA_GLOBALS[name])];
      return [text.length, ...text, 3, ...place(name)];
    }),
  );
  return Object.fromEntries(
    GLOBAL_ORDER.map(name => [name, { get: [0x23, ...place(name)], set: [0x24, ...place(name)] }]),
  ) as unknown as Globals;
}

/** (5 × i32) → (): the time between two looks at the clock is added up. */
function timed(original: number, clockType: number, { clockSlot, translateMs }: Globals): number[] {
  const clock = [...clockSlot.get, 0x11, ...leb(clockType), 0];
  return [
    ...[1, 1, F64],
    ...[...clock, ...local.set(5)],
    ...[0, 1, 2, 3, 4].flatMap(local.get),
    ...[0x10, ...leb(original)],
    ...[...translateMs.get, ...clock, ...local.get(5), F64_SUB, F64_ADD, ...translateMs.set],
    END,
  ];
}

/** (result pointer) → (): the pointer's first byte says whether there is an interrupt, the second its vector. */
function counted(original: number, vectors: number, { area }: Globals): number[] {
  return [
    ...[1, 1, I32],
    ...[...local.get(0), 0x10, ...leb(original)],
    ...[...local.get(0), ...load8(0), ...IF],
    ...[...area.get, ...local.get(0), ...load8(1), ...i32Const(2), I32_SHL, I32_ADD, ...local.set(1)],
    ...[...local.get(1), ...local.get(1), ...load(vectors), ...i32Const(1), I32_ADD],
    ...[...store(vectors), END],
    END,
  ];
}

/** () → (): the leaf is what EAX held before. */
function masked(original: number, { area }: Globals): number[] {
  const [leaf, entry, end] = [0, 1, 2];
  const registers = MASK_REGISTERS.flatMap((address, i) => [
    ...[...i32Const(0), ...i32Const(0), ...load(address)],
    ...[...local.get(entry), ...load(4 + 4 * i), I32_AND, ...store(address)],
  ]);
  const next = [...local.get(entry), ...i32Const(AreaLayout.maskEntryBytes), I32_ADD, ...local.set(entry)];
  return [
    ...[1, 3, I32],
    ...[...i32Const(0), ...load(CoreAddress.reg32), ...local.set(leaf), 0x10, ...leb(original)],
    ...[...area.get, ...i32Const(AreaLayout.masks), I32_ADD, ...local.set(entry)],
    ...[...local.get(entry), ...area.get, ...load(AreaLayout.maskBytes), I32_ADD, ...local.set(end)],
    ...[0x02, NO_RESULT, 0x03, NO_RESULT],
    ...[...local.get(entry), ...local.get(end), I32_GE_U, 0x0d, 1],
    ...[...local.get(entry), ...load(0), ...local.get(leaf), I32_EQ, ...IF, ...registers, END],
    ...[...next, 0x0c, 0, END, END],
    END,
  ];
}

/** Instructions for between blocks: calls `changed` where the level is not the one that is counted. */
function watchLevel(changed: number, { level }: Globals): number[] {
  const differs = [...i32Const(0), ...load8(CoreAddress.cpl), ...level.get, I32_NE];
  return [...differs, ...IF, 0x10, ...leb(changed), END];
}

/** () → () */
function changeOfLevel(
  plainType: number,
  { userInstructions, level, levelSince, untilChange, changeSlot }: Globals,
): number[] {
  return [
    ...[1, 1, I32],
    ...[...i32Const(0), ...load(CoreAddress.instructionCounter), ...local.set(0)],
    ...[...level.get, ...IF],
    ...[...userInstructions.get, ...local.get(0), ...levelSince.get, I32_SUB, F64_FROM_U32, F64_ADD],
    ...[...userInstructions.set, END],
    ...[...i32Const(0), ...load8(CoreAddress.cpl), ...level.set, ...local.get(0), ...levelSince.set],
    ...[...untilChange.get, ...i32Const(1), I32_SUB, ...untilChange.set],
    ...[...untilChange.get, I32_EQZ, ...IF, ...changeSlot.get, 0x11, ...leb(plainType), 0, END],
    END,
  ];
}

/** The bodies of a module's functions; what is added comes after them, so that no index moves. */
class Functions {
  readonly #bodies: Uint8Array[] = [];
  /** Of its own functions; what it imports comes before them. */
  readonly #types: number[] = [];
  readonly #importTypes: readonly number[];

  constructor(module: WasmModule) {
    this.#importTypes = module.importedFunctionTypes();
    const types = new WasmReader(module.section(SectionId.function));
    for (let left = types.u32(); left > 0; left--) this.#types.push(types.u32());
    const code = new WasmReader(module.section(SectionId.code));
    for (let left = code.u32(); left > 0; left--) this.#bodies.push(code.take(code.u32()));
  }

  get #imported(): number {
    return this.#importTypes.length;
  }

  typeOf(index: number): number {
    const type = this.#importTypes[index] ?? this.#types[index - this.#imported];
    if (type === undefined) throw new CoreShapeError(`no function ${index}`);
    return type;
  }

  /** The function becomes what `make` says; it is told where the original went. */
  wrap(index: number, make: (original: number) => number[]): void {
    const body = this.#bodies[index - this.#imported];
    if (body === undefined) throw new CoreShapeError(`no function ${index}`);
    const original = this.add(this.typeOf(index), body);
    this.#bodies[index - this.#imported] = Uint8Array.from(make(original));
  }

  /** Puts instructions before the only place where a function's body has these bytes. */
  insert(index: number, before: readonly number[], instructions: readonly number[]): void {
    const body = Buffer.from(this.#bodies[index - this.#imported] ?? []);
    const at = body.indexOf(Uint8Array.from(before));
    if (at < 0 || body.indexOf(Uint8Array.from(before), at + 1) >= 0)
      throw new CoreShapeError(`function ${index} has no such place, or several`);
    this.#bodies[index - this.#imported] = joined([body.subarray(0, at), instructions, body.subarray(at)]);
  }

  writeTo(module: WasmModule): void {
    module.replace(SectionId.function, joined([leb(this.#types.length), this.#types.flatMap(leb)]));
    module.replace(
      SectionId.code,
      joined([leb(this.#bodies.length), ...this.#bodies.flatMap(body => [leb(body.length), body])]),
    );
  }

  /** @returns its index */
  add(type: number, body: Uint8Array | readonly number[]): number {
    this.#types.push(type);
    return this.#imported + this.#bodies.push(Uint8Array.from(body)) - 1;
  }
}
