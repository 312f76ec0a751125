/// <reference path="./webassembly.d.ts" />
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { mapFile } from '../../../lib/linux/index.js';
import { CORE_PATCH_REVISION, patchCore } from './core-patch.js';
import { ENGINE_VERSION } from './private-api.js';

/**
 * Where `prepare` puts the core's machine code, seen from here and from its bundles; without the file, or with another
 * V8's, the core is compiled.
 */
export const CORE_CODE_PATH = fileURLToPath(
  new URL(`../prepared/v86-${ENGINE_VERSION}-${CORE_PATCH_REVISION}.code`, import.meta.url),
);
/** Beside machine code lies what it was made from: V8 needs both. */
export const coreBytesPath = (codePath: string): string => codePath.replace(/\.code$/, '.wasm');

/** How V8 treats what is compiled from now on, process-wide; a module keeps what was set when it was compiled. */
export type Tiers =
  /** Baseline code, optimised where it is hot. */
  | 'rising'
  /** Baseline code for good. */
  | 'baseline'
  /** Every function optimised at once. */
  | 'optimised';

export function setTiers(tiers: Tiers): void {
  const set = (flag: string, on: boolean) => setFlagsFromString(`--${on ? '' : 'no-'}${flag}`);
  // In this order: without Liftoff V8 takes dynamic tiering back.
  setFlagsFromString('--no-liftoff-only');
  set('liftoff', tiers !== 'optimised');
  set('wasm-tier-up', tiers !== 'baseline');
  set('wasm-dynamic-tiering', tiers === 'rising');
  set('wasm-lazy-compilation', tiers !== 'optimised');
}

/**
 * The core compiled whole by V8's optimising compiler: a second and a half of CPU time, once for a build instead of in
 * every process, where it took place behind the guest's first seconds.
 */
export function makeCoreCode(): { readonly bytes: Uint8Array; readonly code: Uint8Array } {
  const bytes = patchCore(stockBytes());
  setTiers('optimised');
  const core = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  setTiers('rising');
  const code = withNatives<[WebAssembly.Module], ArrayBuffer>('%SerializeWasmModule(a)', [core]);
  return { bytes, code: new Uint8Array(code) };
}

/**
 * @param codePath undefined: compile it, whatever was made beforehand
 * @returns the core's module, and whether its machine code was made beforehand
 */
export function loadCore(codePath: string | undefined): {
  readonly core: WebAssembly.Module;
  readonly prepared: boolean;
} {
  const core = codePath === undefined ? undefined : readCoreCode(codePath);
  if (core !== undefined) return { core, prepared: true };
  return {
    core: new WebAssembly.Module(patchCore(stockBytes()) as Uint8Array<ArrayBuffer>),
    prepared: false,
  };
}

/** V8 looks at its version, its flags and the CPU, and answers undefined where one differs. */
function readCoreCode(path: string): WebAssembly.Module | undefined {
  try {
    const map = (file: string): ArrayBuffer => mapFile(file, statSync(file).size, false).memory;
    return withNatives<[ArrayBuffer, Uint8Array], WebAssembly.Module | undefined>(
      '%DeserializeWasmModule(a, b)',
      [map(path), new Uint8Array(map(coreBytesPath(path)))],
    );
  } catch (error) {
    // Not made; or a V8 that has no such function.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function stockBytes(): Uint8Array {
  const path = createRequire(import.meta.url).resolve('v86/build/v86.wasm');
  return new Uint8Array(mapFile(path, statSync(path).size, false).memory);
}

/** V8's own functions stand in no interface; the syntax is known to it for this one text only. */
function withNatives<A extends unknown[], R>(expression: string, args: A): R {
  setFlagsFromString('--allow-natives-syntax');
  try {
    return (runInThisContext(`(function (a, b) { return ${expression}; })`) as (...args: A) => R)(...args);
  } finally {
    setFlagsFromString('--no-allow-natives-syntax');
  }
}
