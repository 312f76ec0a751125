/**
 * The guest engine: npm v86 (binary translation) behind the contract of `monitor.ts`. All of v86's private API is
 * touched in this folder only, by the names in `private-api.ts`; the version is pinned and a contract test visits them.
 *
 * Layers: private-api < wasm-module < core-patch (what the core is taught) < core-code (its machine code, made once for
 *         a build) < ring-costs < core-extras (counts and masks of the patched core) < seam, trap,
 *         core (WebAssembly core: clock, compiler, RAM placement)
 *         < medium (sectors over a disk port), cdrom, ide, uart, vga, input, chipset < guest-engine.
 *
 * Invariants
 * - The guest runs inside `runSlice` only; disks complete and input arrives between slices.
 * - Time and chance reach the guest through EngineSeam alone.
 * - Whatever the engine throws while it runs a guest becomes an EngineTrap.
 * - A write that the guest sees completed was completed by its disk port.
 */
export type { RamPlacement } from './core.js';
export { CORE_CODE_PATH, coreBytesPath, makeCoreCode } from './core-code.js';
export {
  CAPABILITIES,
  type EngineDisk,
  type EngineOptions,
  GuestEngine,
  type GuestEvent,
} from './guest-engine.js';
export type { PointerEvent } from './input.js';
export type { ExecutionCounts, MonitorCapabilities, TextScreen, VirtualMachineMonitor } from './monitor.js';
export { type EngineSeam, realSeam } from './seam.js';
export { StockMachine, type StockOptions } from './stock.js';
export { EngineTrap } from './trap.js';
